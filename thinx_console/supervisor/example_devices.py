"""Keep one device agent running for each file in `$THINX_DATA_DIR/example/devices/`.

A file is `{"argv": [...], "env": {...}}`. A new file starts its agent, a changed one starts it
again, a removed one ends it, and an agent that ends by itself is started again with growing
pauses. Runs by its path under `python -I -S`: of the standard library, only what is small.
"""

# ruff: noqa: PTH118, PTH123  pathlib and dataclasses would make this a third bigger
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from types import FrameType

POLL_SECONDS = 0.5
STOP_SECONDS = 3.0
LONGEST_PAUSE = 30.0
PR_SET_PDEATHSIG = 1


class Agent:
    """One device's process and the file that asked for it."""

    def __init__(self, folder: str, name: str, stamp: tuple[int, int]) -> None:
        self.name, self.path, self.stamp = name, os.path.join(folder, name), stamp
        self.process: subprocess.Popen[bytes] | None = None
        self.pause = 1.0
        self.not_before = 0.0
        self.started = 0.0


class Stop(Exception):
    """SIGTERM or SIGINT arrived."""


def main() -> int:
    """Watch the folder until told to stop; then end every agent."""
    folder = os.path.join(os.environ["THINX_DATA_DIR"], "example", "devices")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    agents: dict[str, Agent] = {}
    try:
        while True:
            look(folder, agents)
            time.sleep(POLL_SECONDS)
    except Stop:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    finally:
        end_all(list(agents.values()))
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def look(folder: str, agents: dict[str, Agent]) -> None:
    """Make the running agents match the files."""
    wanted = _files(folder)
    gone = [agent for name, agent in agents.items() if wanted.get(name) != agent.stamp]
    end_all(gone)
    for agent in gone:
        del agents[agent.name]
    for name, stamp in wanted.items():
        agent = agents.setdefault(name, Agent(folder, name, stamp))
        keep_running(agent)


def _files(folder: str) -> dict[str, tuple[int, int]]:
    found = {}
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.endswith(".json") and not entry.name.startswith("."):
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    found[entry.name] = (status.st_mtime_ns, status.st_size)
    return found


def keep_running(agent: Agent) -> None:
    """Start the agent unless it runs, or has just failed."""
    now = time.monotonic()
    if agent.process is not None:
        code = agent.process.poll()
        if code is None:
            return
        _say(f"{agent.name}: ended with {code}")
        agent.process = None
        agent.pause = 1.0 if now - agent.started > LONGEST_PAUSE else agent.pause * 2
        agent.not_before = now + min(agent.pause, LONGEST_PAUSE)
    if now >= agent.not_before:
        agent.started = now
        agent.process = _start(agent)


def _start(agent: Agent) -> subprocess.Popen[bytes] | None:
    try:
        with open(agent.path, encoding="utf-8") as file:
            order = json.load(file)
        argv = [str(part) for part in order["argv"]]
        env = {str(name): str(value) for name, value in order.get("env", {}).items()}
        process = subprocess.Popen(
            argv,
            env={"PATH": os.environ.get("PATH", os.defpath), **env},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _say(f"{agent.name}: cannot be started: {error}")
        agent.not_before = time.monotonic() + LONGEST_PAUSE
        return None
    _say(f"{agent.name}: started as {process.pid}")
    return process


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_all(agents: list[Agent]) -> None:
    """End the agents with all they started, patiently first."""
    running = [agent.process for agent in agents if agent.process is not None]
    for process in running:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
