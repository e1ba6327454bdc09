"""A thermometer that does not exist: says its greeting, then what it measures."""

import math
import random
import time

try:
    import thinx_env as env  # written by the build: the variables of this device
except ImportError:
    env = None

GREETING = getattr(env, "GREETING", "Hello from the example")
VERSION = getattr(env, "THINX_FIRMWARE_VERSION_SHORT", "0.0.0")
PAUSE = 5


def measure(seconds):
    """Return degrees and percent, drifting slowly like a room does."""
    drift = math.sin(seconds / 120)
    return 21.5 + drift + random.uniform(-0.1, 0.1), 47 - 4 * drift + random.uniform(-0.5, 0.5)


def main():
    """Report for as long as the device has power."""
    print(f"{GREETING} (version {VERSION})", flush=True)
    began = time.monotonic()
    while True:
        time.sleep(PAUSE)
        degrees, humidity = measure(time.monotonic() - began)
        print(f"{GREETING}: {degrees:.1f} °C, humidity {humidity:.0f} %", flush=True)


if __name__ == "__main__":
    main()
