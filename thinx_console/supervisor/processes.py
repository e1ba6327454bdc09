"""Questions to /proc and the two prctl calls that keep processes from outliving their parent.

Standard library only: the guard and the launcher stay small.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PROC = Path("/proc")


def die_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when its parent is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of(pid: int) -> list[int]:
    """Return the direct children of a process."""
    found: list[int] = []
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return [child for child, parent in _parents() if parent == pid]
    return found


def descendants_of(pid: int) -> list[int]:
    """Return all processes below one, nearest first."""
    below: dict[int, list[int]] = {}
    for child, parent in _parents():
        below.setdefault(parent, []).append(child)
    found, queue = [], [pid]
    while queue:
        children = below.get(queue.pop(0), [])
        found += children
        queue += children
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in brackets may itself hold spaces and brackets.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                yield int(entry.name), int(fields[1])


def send(pid: int, number: int) -> None:
    """Signal a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def reap() -> dict[int, int]:
    """Collect every child that has ended; return their exit codes (negative: the signal)."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended


def kill_tree(pid: int) -> None:
    """Kill a process and all below it, at once."""
    for victim in [*descendants_of(pid), pid]:
        send(victim, signal.SIGKILL)


def end_descendants(patience: float) -> None:
    """Give everything below this process some seconds to leave, then kill what is left."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        reap()
        if not descendants_of(os.getpid()):
            return
        time.sleep(0.05)
    for _ in range(100):
        for victim in descendants_of(os.getpid()):
            send(victim, signal.SIGKILL)
        time.sleep(0.02)
        reap()
        if not descendants_of(os.getpid()):
            return


def memory_of(pid: int) -> tuple[int, int]:
    """Return the resident and the proportional memory of a process, in kB."""
    sizes = {"Rss:": 0, "Pss:": 0}
    with contextlib.suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in sizes:
                sizes[name] = int(rest[0])
    return sizes["Rss:"], sizes["Pss:"]
