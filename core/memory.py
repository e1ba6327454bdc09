"""What one process remembers of what it saw, up to a size."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A set that forgets its oldest entries. Only for what may be asked again at any time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[T, None] = OrderedDict()

    def add(self, entry: T) -> None:
        """Remember the entry."""
        self._entries[entry] = None
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def __contains__(self, entry: object) -> bool:
        return entry in self._entries

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
