"""Run the firmware of a simulated device inside a sandbox: no network, no files, no rights.

The agent starts it as `python -I -S -B run_firmware.py KIND FIRMWARE`; it becomes the sandbox and
returns nothing. Any source can be attached to the device, so this is as strict as a build.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from builds.sandbox.command import PYTHON, clean_environment, firmware_line
from builds.sandbox.contract import MIB, Limits
from builds.sandbox.seccomp import is_known, make_filter
from builds.sandbox.slots import FIRST_UID, SLOTS

LIMITS = Limits(
    cpu_seconds=30 * 86400, address_space=512 * MIB, processes=32, temp=4 * MIB, file=2 * MIB
)
NICENESS = 10
# What simavr writes of the serial port is coloured and ends with two dots for CR LF.
SIMAVR = (
    "simavr -m atmega328p -f 16000000 /firmware.hex 2>&1 >/dev/null"
    r" | sed -u -e 's/\x1b\[[0-9;]*m//g' -e 's/\.*$//' -e '/^$/d'"
)
# Where the program finds the firmware, and the program. The order gives each a user of its own.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "python": ("/firmware.pyz", (PYTHON, "-I", "-S", "-B", "-u", "/firmware.pyz")),
    "arduino": ("/firmware.hex", ("/bin/sh", "-c", SIMAVR)),
}


def main(kind: str, firmware: str) -> None:
    """Become the sandboxed firmware."""
    path, program = KINDS[kind]
    if not is_known():
        sys.exit("There is no system call filter for this processor, so firmware is not run.")
    uid = FIRST_UID + SLOTS + list(KINDS).index(kind) if os.geteuid() == 0 else None
    line = firmware_line(
        LIMITS,
        program,
        uid=uid,
        firmware=_memory(Path(firmware).read_bytes()),
        path=path,
        seccomp=_memory(make_filter()),
    )
    os.nice(NICENESS)
    os.execvpe(line[0], line, clean_environment())  # noqa: S606  an argv list, no shell


def _memory(data: bytes) -> int:
    """Return an open file that the sandbox inherits."""
    handle = os.memfd_create("thinx", 0)
    os.write(handle, data)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


if __name__ == "__main__":
    main(*sys.argv[1:3])
