"""Memory and process limits by control groups, where this machine lets us write them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "thinx-build-"
UNAVAILABLE = "Control groups cannot be written here: memory is limited per process, not per build."


@dataclass
class Group:
    """The control groups of one build; empty when the machine has none to give."""

    folders: list[Path] = field(default_factory=list)

    @property
    def join_files(self) -> list[str]:
        """Return the files into which a process writes 0 to join."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def out_of_memory(self) -> bool:
        """Say whether the kernel ended a process of this build for want of memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError, ValueError):
                    words = (folder / name).read_text().split()
                    if "oom_kill" in words and int(words[words.index("oom_kill") + 1]):
                        return True
        return False

    def remove(self) -> None:
        """Remove the empty groups; a group whose last process is just ending gets a moment."""
        for folder in self.folders:
            for _ in range(20):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
                else:
                    break


def _own(controller: str) -> str:
    """Return the path of our own group for a v1 controller, or "" for the v2 tree."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


def _parents() -> dict[str, Path]:
    """Return where a group can be made, per controller; v2 gives one folder for both."""
    v2 = ROOT / "cgroup.subtree_control"
    if v2.exists():
        for folder in (ROOT / _own(""), ROOT):
            with contextlib.suppress(OSError):
                enabled = (folder / "cgroup.subtree_control").read_text().split()
                if {"memory", "pids"} <= set(enabled) and os.access(folder, os.W_OK):
                    return {"unified": folder}
        return {}
    found = {}
    for controller in ("memory", "pids"):
        for folder in (ROOT / controller / _own(controller), ROOT / controller):
            if folder.is_dir() and os.access(folder, os.W_OK):
                found[controller] = folder
                break
    return found


def _write(folder: Path, name: str, value: int) -> None:
    (folder / name).write_text(str(value))


def _make(controller: str, folder: Path, memory: int, processes: int) -> None:
    folder.mkdir(mode=0o755)
    if controller in {"unified", "pids"}:
        _write(folder, "pids.max", processes)
    if controller == "unified":
        _write(folder, "memory.max", memory)
        with contextlib.suppress(OSError):
            _write(folder, "memory.swap.max", 0)
    if controller == "memory":
        _write(folder, "memory.limit_in_bytes", memory)


@contextlib.contextmanager
def limited(name: str, *, memory: int, processes: int) -> Iterator[Group]:
    """Give a group with these limits for one build, or an empty one; remove it afterwards."""
    group = Group()
    try:
        for controller, parent in _parents().items():
            folder = parent / f"{PREFIX}{os.getpid()}-{name}"
            group.folders.append(folder)
            _make(controller, folder, memory, processes)
    except OSError:
        group.remove()
        group = Group()
    try:
        yield group
    finally:
        group.remove()


def describe() -> str:
    """Say in one sentence what control groups do for builds on this machine."""
    with limited(
        f"probe-{os.getpid()}-{time.monotonic_ns()}", memory=1 << 26, processes=8
    ) as group:
        if group.folders:
            return "Memory and processes are limited by control groups."
    return UNAVAILABLE


def sweep() -> None:
    """Remove the empty groups of workers that no longer exist.

    A living worker's group is empty too for a moment, between its making and its first process.
    """
    for parent in set(_parents().values()):
        for folder in parent.glob(f"{PREFIX}*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
