"""The child process that makes one delta: `python -m builds.deltas.making BASE TARGET DELTA`.

Firmware is whatever a repository compiled to, and the search for differences is C code that needs
many times its size in memory: so it runs beside the worker, with limits. It knows no settings and
no database.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from builds.deltas.encoding import delta_of

LARGEST = 16 << 20
MEMORY = 1 << 30
CPU_SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]


def make_delta(base: Path, target: Path, delta: Path) -> bool:
    """Write the delta between two files in a child process; False when that failed."""
    argv = [sys.executable, "-m", "builds.deltas.making", f"{base}", f"{target}", f"{delta}"]
    try:
        done = subprocess.run(
            argv, cwd=ROOT, env={}, check=False, capture_output=True, timeout=2 * CPU_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main(base: str, target: str, delta: str) -> None:
    """Bound this process, then write the delta."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    Path(delta).write_bytes(delta_of(Path(base).read_bytes(), Path(target).read_bytes()))


if __name__ == "__main__":
    main(*sys.argv[1:])
