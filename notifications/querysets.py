"""Rows that belong to one person and to nobody else, whatever role somebody has."""

from __future__ import annotations

from typing import Any, Self

from core.scoping import ScopedQuerySet, perm_name


class OwnQuerySet(ScopedQuerySet[Any]):
    """Rows with a `user`. An API key reaches those of its organization only."""

    def allowed(self, actor: Any, action: str = "view") -> Self:
        """Narrow to the actor's own rows."""
        if actor.user is None or not actor.may_attempt(perm_name(self.model, action)):
            return self.none()
        rows = self.filter(user=actor.user)
        return rows.filter(organization=actor.ceiling) if actor.ceiling is not None else rows

    def unread(self) -> Self:
        """Narrow to what was not read yet."""
        return self.filter(read_at=None)
