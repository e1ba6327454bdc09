"""A soil sensor that does not exist: says its greeting, then what it measures."""

try:
    import thinx_env as env  # written by the build: the variables of this device
except ImportError:
    env = None

GREETING = getattr(env, "GREETING", "Hello from the example")
VERSION = getattr(env, "THINX_FIRMWARE_VERSION_SHORT", "0.0.0")


def measure(hour):
    """Return the moisture of the soil in percent: it dries until it is watered at six."""
    return 62 - (hour - 6) % 24


def main():
    """Report one day."""
    print(GREETING, "(version " + VERSION + ")")
    for hour in range(0, 24, 6):
        print(GREETING + ": moisture", measure(hour), "%")
