"""Notices that whoever called went away before the answer: on a busy machine devices give up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

# In the scope: tells whether the answer left for nobody.
UNHEARD = "thinx.unheard"


class Leaving:
    """Watches one call whose body is read: all that comes then is word that it has ended."""

    def __init__(self, receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._receive = receive
        self._next: asyncio.Future[dict[str, Any]] | None = None
        self._unheard = False

    def watch(self) -> None:
        """Begin."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())

    @property
    def is_gone(self) -> bool:
        """Tell whether the call has ended; after the answer every call has."""
        said = self._next
        if said is None or not said.done() or said.cancelled() or said.exception() is not None:
            return False
        return said.result()["type"] == "http.disconnect"

    async def receive(self) -> dict[str, Any]:
        """Wait for the word, as the framework does."""
        self.watch()
        assert self._next is not None
        return await asyncio.shield(self._next)

    def answered(self) -> None:
        """Note that the answer leaves now, and whether anybody is there."""
        self._unheard = self._unheard or self.is_gone

    def is_unheard(self) -> bool:
        """Tell whether the answer left when nobody was there any more."""
        return self._unheard

    def end(self) -> None:
        """Watch no longer."""
        if self._next is not None:
            self._next.cancel()
