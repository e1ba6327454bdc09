"""A few child processes that run scripts, and what is done when one of them ends."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devices.transformers.engine.jobs import EngineUnavailable, Job, Outcome, read_outcome
from devices.transformers.engine.process import Child, ChildGone

logger = logging.getLogger(__name__)

CHILDREN = 2
WAIT_SECONDS = 10.0
# Processor time that one call of `run` may take in all.
BUDGET_SECONDS = 20.0


class Engine:
    """Runs scripts in its child processes, which start when they are first needed.

    A child that ends or hangs costs only the script that did it: what it left unanswered is run
    again, one call at a time, until the culprit is alone.
    """

    def __init__(self, children: int = CHILDREN) -> None:
        self._free = threading.Semaphore(children)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._closed = False

    def run(self, jobs: Sequence[Job], *, budget: float = BUDGET_SECONDS) -> list[Outcome]:
        """Return the outcome of each job, in their order. Raises EngineUnavailable."""
        if not jobs:
            return []
        with self._turn():
            said = self._ask(jobs, budget=budget)
            for n in range(len(said), len(jobs)):
                said += self._ask_alone(jobs[n])
        return [read_outcome(job, kind, text) for job, (kind, text) in zip(jobs, said, strict=True)]

    def close(self) -> None:
        """End the children; those at work end when their call does."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _ask(
        self, jobs: Sequence[Job], *, budget: float, is_careful: bool = False
    ) -> list[tuple[str, str]]:
        """Return the answers that came before the child ended, if it did."""
        said: list[tuple[str, str]] = []
        child = self._take()
        try:
            for _, kind, text in child.run(jobs, budget=budget, is_careful=is_careful):
                said.append((kind, text))
        except ChildGone:
            child.end()
            logger.info("a script ended its engine after %s of %s calls", len(said), len(jobs))
        except BaseException:
            child.end()
            raise
        else:
            self._give_back(child)
        return said

    def _ask_alone(self, job: Job) -> list[tuple[str, str]]:
        """Run one call that the child may not survive; a second time in a fresh one, carefully."""
        return (
            self._ask([job], budget=BUDGET_SECONDS, is_careful=True)
            or self._ask([job], budget=BUDGET_SECONDS, is_careful=True)
            or [("slow", "")]
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise EngineUnavailable
        try:
            yield
        finally:
            self._free.release()

    def _take(self) -> Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                try:
                    return Child()
                except OSError as error:
                    logger.exception("no engine for scripts could start")
                    raise EngineUnavailable from error
            if child.is_alive:
                return child
            child.end()

    def _give_back(self, child: Child) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(child)
                return
        child.end()


@functools.cache
def _engine_of(pid: int) -> Engine:
    made = Engine()
    atexit.register(made.close)
    return made


def engine() -> Engine:
    """Return the engine of this process; a forked one gets its own."""
    return _engine_of(os.getpid())
