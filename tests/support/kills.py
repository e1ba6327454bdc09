"""Ends parts of a running console as `kill -9` does, at a moment that devices say or by the clock.

Under scripts/testenv.py the console is on PostgreSQL.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from tests.support.console import RestError, RunningConsole, private_console

T = TypeVar("T")

# A console that was killed on a busy machine needs minutes to be there again.
PATIENCE = 600.0
# With the broker of our own the pusher is a thread of it.
VICTIMS = {
    "web": "granian",
    "worker": "celery_worker",
    "broker": "mqtt_broker",
    "redis": "redis-server",
}


def killable_console() -> Iterator[RunningConsole]:
    """Run a console that may be killed to pieces; a fixture of a whole file."""
    database = os.environ.get("THINX_TEST_DATABASE_URL")
    with private_console(**({"THINX_DATABASE_URL": database} if database else {})) as running:
        yield running


def kill(console: RunningConsole, victim: str) -> None:
    """Kill every process of one part; when it is just starting again, as soon as it does."""
    deadline = time.monotonic() + PATIENCE
    while not (pids := [pid for pid, line in _lines(console) if VICTIMS[victim] in line]):
        if time.monotonic() > deadline:
            pytest.fail(f"there is no {victim} to kill")
        time.sleep(0.05)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _lines(console: RunningConsole) -> list[tuple[int, str]]:
    # By descent: Redis writes its title over its environment.
    return [(pid, line) for (pid, _), line in console.family().items()]


def patiently(work: Callable[[], T]) -> T:
    """Ask until the web process is there again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except (OSError, http.client.HTTPException, RestError) as error:
            if isinstance(error, RestError) and error.status < 500:
                raise
            if time.monotonic() > deadline:
                pytest.fail(f"the console does not come back: {error}")
            time.sleep(0.3)


@dataclass
class Killer:
    """Kills as often as it is told to, and remembers what it did and how long all took.

    Devices call `saw` with what happens to them; a kill may wait for the nth of one kind.
    """

    console: RunningConsole
    chance: random.Random
    count: int
    done: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _awaited: str = ""
    _left: int = 0
    _victim: str = ""

    @property
    def is_done(self) -> bool:
        """Tell whether as many were killed as were to be."""
        return self.done.total() >= self.count

    def at(self, moments: list[str], most: int) -> str:
        """Kill something when one of the moments came up to `most` times; say what and when."""
        moment, nth = self.chance.choice(moments), self.chance.randint(1, most)
        victim = self.chance.choice([*VICTIMS])
        with self._lock:
            self._awaited, self._left, self._victim = moment, nth, victim
        return f"{victim} at {moment} {nth}"

    def after(self, most: float) -> str:
        """Kill something within so many seconds; say what and when."""
        seconds, victim = self.chance.uniform(0.0, most), self.chance.choice([*VICTIMS])
        time.sleep(seconds)  # the moment of the kill is what varies
        self._kill(victim)
        return f"{victim} after {seconds:.1f} s"

    def saw(self, moment: str) -> None:
        """Take note of what a device sees; in the thread of the device."""
        with self._lock:
            if moment != self._awaited:
                return
            self._left -= 1
            if self._left:
                return
            self._awaited = ""
        self._kill(self._victim)
        self._victim = ""

    @property
    def is_waiting(self) -> bool:
        """Tell whether the moment of a kill is still to come."""
        return bool(self._victim)

    def tell(self, text: str) -> None:
        """Print how far it is, for who runs this for half an hour."""
        seconds = time.monotonic() - self.began
        print(f"{seconds:6.0f} s  {self.done.total():3} kills  {text}", flush=True)

    def _kill(self, victim: str) -> None:
        kill(self.console, victim)
        self.done[victim] += 1
