"""Who acts when nobody asked: the audit app lies below accounts and has no Actor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SystemActor:
    """A named part of the system, as `record` needs to know it."""

    name: str
    user: None = None
    address: str = ""
    request_id: str = ""

    @property
    def label(self) -> str:
        """Return how the audit log calls it."""
        return f"system: {self.name}"
