"""How many rows of a list have which value, for a price that does not grow with the list.

Nothing is kept and nothing is counted to its end. A `CountedFacet` counts each of a few known
values up to `MOST`: common ones are soon reached, rare ones are told exactly. A `SampledFacet`,
whose values nobody knows beforehand, looks at the first `SAMPLE` rows that match. A `KindFacet`
asks something of each row, so that a rare kind would be dear to count: it asks the first `ASKED`.
Where any stops early the number ends with +. Kept counters would be exact for everything, but
presence changes with the clock and not by a write, and each filter would want counters of its own;
a cache would tell numbers to who lost the right to them. Measured for devices: docs/lists.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

MOST = 1_000
SAMPLE = 10_000
ASKED = 100_000
SHOWN = 8

# (value for the URL, label, number as text)
Counted = tuple[str, str, str]


@dataclass(frozen=True)
class Facet:
    """One group of numbers. `name` is the filter that a number leads to."""

    name: str
    label: str

    def count(self, rows: QuerySet[Any], actor: Any) -> Iterable[Counted]:
        """Yield the values with their numbers, in the order to show them."""
        raise NotImplementedError


@dataclass(frozen=True)
class CountedFacet(Facet):
    """A few known values: (value, label, rule)."""

    values: tuple[tuple[str, str, Callable[[], Q]], ...] = ()

    def count(self, rows: QuerySet[Any], actor: Any) -> Iterator[Counted]:
        """Count each up to `MOST`."""
        for value, label, rule in self.values:
            found = rows.filter(rule()).order_by().values("pk")[:MOST].count()
            yield value, label, f"{MOST - 1}+" if found >= MOST else f"{found}"


@dataclass(frozen=True)
class SampledFacet(Facet):
    """The values of a column among the first rows; those of a list count one by one."""

    column: str = ""

    def count(self, rows: QuerySet[Any], actor: Any) -> Iterator[Counted]:
        """Yield the most frequent ones."""
        seen = list(rows.order_by().values_list(self.column, flat=True)[: SAMPLE + 1])
        more = "+" if len(seen) > SAMPLE else ""
        counter: Counter[Any] = Counter()
        for value in seen[:SAMPLE]:
            counter.update(value if isinstance(value, list) else [value])
        counter.pop(None, None)
        counter.pop("", None)
        frequent = counter.most_common(SHOWN)
        known = self.labels([value for value, _ in frequent], actor)
        for value, number in frequent:
            if value in known:
                yield *known[value], f"{number:,}{more}"

    def labels(self, values: list[Any], actor: Any) -> dict[Any, tuple[str, str]]:
        """Return what each value is in the URL and for people."""
        return {value: (f"{value}", f"{value}") for value in values}


@dataclass(frozen=True)
class KindFacet(Facet):
    """Which of a few kinds the first rows are: (value, label), told even where it is none."""

    kind: Callable[[], Any] = Q
    values: tuple[tuple[str, str], ...] = ()

    def count(self, rows: QuerySet[Any], actor: Any) -> Iterator[Counted]:
        """Count each among the first `ASKED`, in one statement."""
        asked = rows.order_by().annotate(kind_of_row=self.kind())[: ASKED + 1]
        kinds = {value: Count("pk", filter=Q(kind_of_row=value)) for value, _ in self.values}
        found = asked.aggregate(rows_asked=Count("pk"), **kinds)
        more = "+" if found["rows_asked"] > ASKED else ""
        for value, label in self.values:
            yield value, label, f"{found[value]:,}{more}"


@dataclass(frozen=True)
class RelatedFacet(SampledFacet):
    """Rows of another model that the column leads to; what the reader may not view is left out."""

    model: Any = None

    def labels(self, values: list[Any], actor: Any) -> dict[Any, tuple[str, str]]:
        """Return uid and name of each."""
        rows = self.model._default_manager.allowed(actor).filter(pk__in=values)
        return {row.pk: (f"{row.uid}", f"{row}") for row in rows}


def counted(view: Any, rows: QuerySet[Any], filterset: Any) -> list[dict[str, Any]]:
    """Return each facet of the view with its values, what they lead to, and which one is chosen.

    A facet counts among what all other filters leave, so that its other values stay in reach.
    """
    groups = []
    for facet in view.facets:
        said = view.request.GET.copy()
        chosen = said.pop(facet.name, [""])[-1]
        said.pop("page", None)
        narrowed = filterset.qs
        if chosen:
            among = view.filterset_class(said, queryset=rows, request=view.request)
            narrowed = among.qs
        values = [
            {"label": label, "count": number, "url": _url(said, facet.name, value, chosen),
             "chosen": value == chosen}
            for value, label, number in facet.count(narrowed, view.actor)
        ]  # fmt: skip
        if values:
            groups.append({"label": facet.label, "values": values})
    return groups


def _url(said: QueryDict, name: str, value: str, chosen: str) -> str:
    query = said.copy()
    if value != chosen:
        query[name] = value
    return f"?{query.urlencode()}"
