"""The parent's end of one child process."""

from __future__ import annotations

import contextlib
import json
import logging
import marshal
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from devices.transformers.engine.jobs import Job

logger = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("child.py")
# The child shows life far more often; a loaded machine may hold it up, a hung one is ended.
PATIENCE_SECONDS = 20.0
MAX_LINE = 4 << 20

Answer = tuple[int, str, str]


class ChildGone(Exception):
    """The child ended, hung or spoke nonsense; what it had not answered is not answered."""


class Child:
    """One child process, used by one thread at a time."""

    def __init__(self) -> None:
        self._rest = b""
        self._process = subprocess.Popen(  # a program of ours, no shell
            [sys.executable, "-I", "-B", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def run(
        self, jobs: Sequence[Job], *, budget: float, is_careful: bool = False
    ) -> Iterator[Answer]:
        """Yield the answers as they come, in the order of the jobs. Raises ChildGone."""
        bodies = {job.body: None for job in jobs}
        places = {body: n for n, body in enumerate(bodies)}
        asked = [(places[job.body], job.status, job.device) for job in jobs]
        request = marshal.dumps((list(bodies), asked, budget, is_careful))
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(len(request).to_bytes(4) + request)
            self._process.stdin.flush()
        except OSError as error:
            raise ChildGone from error
        answered = 0
        while answered < len(jobs):
            for n, kind, text in self._read_line():
                if n != answered or not isinstance(kind, str) or not isinstance(text, str):
                    raise ChildGone
                answered += 1
                yield n, kind, text

    def end(self) -> None:
        """Kill the process and leave no zombie."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read_line(self) -> list[Answer]:
        """Return one line of answers. The child may be in a stranger's hands: it is only JSON."""
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                raise ChildGone
            read = os.read(fd, 1 << 16)
            if not read or len(self._rest) > MAX_LINE:
                raise ChildGone
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            return [(n, kind, text) for n, kind, text in json.loads(line)]
        except (ValueError, TypeError, RecursionError) as error:
            raise ChildGone from error
