"""The command line of a sandbox: each part is there because an attack was tried without it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builds.sandbox.contract import Limits

PATH = "/usr/bin:/bin"
PYTHON = "/usr/bin/python3"
WORK = "/work"
TEMP = "/tmp"  # noqa: S108 - the sandbox's own, a fresh one each time
INIT = "/init.py"
JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"'


@dataclass(frozen=True)
class Handles:
    """The open files a sandbox inherits, by number."""

    control: int
    out: int
    lifeline: int
    seccomp: int = -1
    init: int = -1
    info: int = -1


def join_line(join_files: Sequence[str]) -> list[str]:
    """Enter the control groups first, so that everything below is counted."""
    return ["/bin/sh", "-c", JOIN, "sh", *join_files, "--"] if join_files else []


def drop_line(uid: int | None) -> list[str]:
    """Die with the worker's thread; as root, become a user that owns nothing."""
    line = ["setpriv", "--pdeathsig", "KILL"]
    if uid is not None:
        line += ["--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    return [*line, "--"]


def limit_line(limits: Limits, uid: int | None) -> list[str]:
    """Limits per process. The number of processes counts per user, so only a slot has it here;
    for everybody it is set again inside the user namespace, where it counts by itself.
    """
    line = [
        "prlimit",
        f"--as={limits.address_space}",
        f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 5}",
        f"--fsize={limits.file}",
        f"--nofile={limits.open_files}",
        "--core=0",
    ]
    if uid is not None:
        line.append(f"--nproc={limits.processes}")
    return [*line, "--"]


def bwrap_line(limits: Limits, handles: Handles) -> list[str]:
    """The namespaces: /usr to read, a work folder of limited size, and nothing else."""
    return [
        *_house(limits),
        "--size", str(limits.disk), "--tmpfs", WORK,
        "--ro-bind-data", str(handles.init), INIT,
        *_closed(handles.seccomp, WORK),
        "--info-fd", str(handles.info),
        "--",
    ]  # fmt: skip


def firmware_line(
    limits: Limits,
    program: Sequence[str],
    *,
    uid: int | None,
    firmware: int,
    path: str,
    seccomp: int,
) -> list[str]:
    """The line of a simulated device: the same walls, one file to read, nowhere to write but /tmp.

    `firmware` and `seccomp` are open files; `path` is where the program finds the firmware.
    """
    return [
        *drop_line(uid),
        *limit_line(limits, uid),
        *_house(limits),
        "--ro-bind-data", str(firmware), path,
        *_closed(seccomp, TEMP),
        "--",
        *program,
    ]  # fmt: skip


def _house(limits: Limits) -> list[str]:
    """Own namespaces of every kind, no rights, /usr to read, and what each program expects."""
    line = [
        "bwrap", "--unshare-all", "--unshare-user", "--disable-userns",
        "--cap-drop", "ALL", "--die-with-parent", "--new-session", "--as-pid-1",
        "--hostname", "build",
        "--ro-bind", "/usr", "/usr",
        "--symlink", "usr/lib", "/lib",
        "--symlink", "usr/bin", "/bin",
        "--symlink", "usr/sbin", "/sbin",
    ]  # fmt: skip
    if Path("/usr/lib64").is_dir():
        line += ["--symlink", "usr/lib64", "/lib64"]
    if Path("/usr/local").is_dir():
        line += ["--size", "4096", "--tmpfs", "/usr/local", "--remount-ro", "/usr/local"]
    return [
        *line,
        "--dev", "/dev", "--remount-ro", "/dev", "--proc", "/proc",
        "--size", str(limits.temp), "--tmpfs", TEMP,
    ]  # fmt: skip


def _closed(seccomp: int, folder: str) -> list[str]:
    """Nothing more can be written or asked for; an environment of four names."""
    return [
        "--remount-ro", "/",
        "--seccomp", str(seccomp),
        "--clearenv", "--setenv", "PATH", PATH, "--setenv", "LANG", "C.UTF-8",
        "--setenv", "TMPDIR", TEMP, "--chdir", folder,
    ]  # fmt: skip


def init_line(init: str, work: str, handles: Handles, python: str = PYTHON) -> list[str]:
    """Our own first process, in a Python that sees no environment and no site packages."""
    numbers = (str(handles.control), str(handles.out), str(handles.lifeline))
    return [python, "-I", "-S", "-B", init, work, *numbers]


def sandbox_line(
    limits: Limits, handles: Handles, *, uid: int | None, join_files: Sequence[str]
) -> list[str]:
    """Return the whole line, from the control group to our first process inside."""
    return [
        *join_line(join_files),
        *drop_line(uid),
        *limit_line(limits, uid),
        *bwrap_line(limits, handles),
        *init_line(INIT, WORK, handles),
    ]


def open_line(limits: Limits, handles: Handles, *, init: str, work: str) -> list[str]:
    """The line without a sandbox: limits per process and nothing more."""
    return [
        *drop_line(None),
        *limit_line(limits, None),
        *init_line(init, work, handles, sys.executable),
    ]


def clean_environment() -> dict[str, str]:
    """What the whole chain sees of the worker's environment: nothing."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
