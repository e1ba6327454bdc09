"""What was chosen in a list: rows named one by one, or all that match its filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict


@dataclass(frozen=True)
class Selection:
    """`selected=<uid>…` of a form, or `all=1` and the `query` that the list was filtered by.

    It names rows and grants nothing: `among` narrows what the actor was allowed.
    """

    uids: tuple[UUID, ...] = ()
    query: str | None = None

    @classmethod
    def of(cls, data: QueryDict) -> Selection:
        """Read it from a form; what is no id is left out."""
        if data.get("all"):
            return cls(query=data.get("query", ""))
        found = (_uid(text) for text in data.getlist("selected"))
        return cls(uids=tuple(uid for uid in found if uid is not None))

    @classmethod
    def stored(cls, kept: dict[str, Any]) -> Selection:
        """Read it from where `as_dict` was kept."""
        return cls(tuple(UUID(text) for text in kept.get("uids", ())), kept.get("query"))

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        if self.query is not None:
            return {"query": self.query}
        return {"uids": [f"{uid}" for uid in self.uids]}

    def among(self, permitted: Any, filterset_class: Any, request: Any) -> QuerySet[Any]:
        """Return those of the permitted rows that were chosen."""
        if self.query is None:
            return permitted.filter(uid__in=self.uids)
        return filterset_class(QueryDict(self.query), queryset=permitted, request=request).qs

    def hidden(self) -> list[dict[str, str]]:
        """Return the fields that carry it through the next form."""
        if self.query is not None:
            return [{"name": "all", "value": "1"}, {"name": "query", "value": self.query}]
        return [{"name": "selected", "value": f"{uid}"} for uid in self.uids]


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
