"""Waiting for what another thread or process does, without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

# Seconds: a loaded machine may need them, an idle one not.
PATIENCE = 60


def wait_until(
    condition: Callable[[], Found], seconds: float = PATIENCE, pause: float = 0.02
) -> Found:
    """Return the first true value of the condition; fail when there is none in a generous time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(pause)
    return found


def soon(
    find: Callable[..., Found], *arguments: object, seconds: float = PATIENCE, pause: float = 0.1
) -> Found:
    """Return what `find` returns once its assertions hold; fail as it does, in the end."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return find(*arguments)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)
