"""The guard: parent of supervisord, in a session of its own, so that nothing outlives a start.

supervisord ends its programs when it is asked to. Two things it cannot do: end them after a
`kill -9` of itself, and end what its programs started and lost (a compiler of a killed worker).
The guard is the *child subreaper* of both, so every such orphan becomes its child and is killed.
Were the guard killed, supervisord would get SIGTERM from the kernel, and the launcher, which is a
subreaper too, would collect the rest. Standard library only.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from thinx_console.supervisor.processes import (
    adopt_orphans,
    children_of,
    die_with_parent,
    end_descendants,
    kill_tree,
    reap,
    send,
)

POLL_SECONDS = 1.0
# supervisord waits at most so long for its programs, see programs.STOP_SECONDS.
STOP_SECONDS = 15.0
WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


def start_guard(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> int:
    """Fork the guard around one command (supervisord); return the guard's pid.

    Both live in `folder`; what supervisord says before it has a log goes to `log/` there.
    """
    sys.stdout.flush()
    launcher = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        status = _guard(launcher, argv, env, folder)
    finally:
        os._exit(status)


def _guard(launcher: int, argv: Sequence[str], env: Mapping[str, str], folder: Path) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    os.setsid()
    os.chdir(folder)
    adopt_orphans()
    die_with_parent(signal.SIGTERM)
    if os.getppid() != launcher:
        return 1
    supervisord = _spawn(argv, env, folder)
    return _watch(supervisord)


def _spawn(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> int:
    log = str(folder / "log" / "supervisord.out")
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, append, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(
        argv[0],
        list(argv),
        dict(env),
        file_actions=actions,
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
    )


def _watch(supervisord: int) -> int:
    deadline = float("inf")
    since: dict[int, float] = {}
    while True:
        woken = signal.sigtimedwait(WATCHED, POLL_SECONDS)
        if woken and woken.si_signo in {signal.SIGTERM, signal.SIGINT}:
            send(supervisord, signal.SIGTERM)
            deadline = min(deadline, time.monotonic() + STOP_SECONDS)
        ended = reap()
        if supervisord in ended:
            end_descendants(patience=0.0)
            return 0 if ended[supervisord] == 0 else 1
        if time.monotonic() > deadline:
            send(supervisord, signal.SIGKILL)
        since = _end_orphans(supervisord, since)


def _end_orphans(supervisord: int, since: dict[int, float]) -> dict[int, float]:
    """Kill what has been an orphan for a while; one seen just now may be on its way out."""
    now = time.monotonic()
    orphans = {pid: since.get(pid, now) for pid in children_of(os.getpid()) if pid != supervisord}
    for pid, seen in orphans.items():
        if now - seen >= POLL_SECONDS:
            kill_tree(pid)
    return orphans
