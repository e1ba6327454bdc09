"""Reads of the counters: figures over time, of what one may view."""

# Names in the statements come from telemetry.schema.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Organization
from core.scoping import reached
from telemetry.constants import EVERYTHING
from telemetry.metrics import METRICS
from telemetry.places import history, moment
from telemetry.ranges import Range
from telemetry.schema import COUNTER
from telemetry.writing import among

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Figures:
    """Counters over a range: for each metric one number per hour or day, in order of time."""

    span: Range
    times: list[datetime]
    series: dict[str, list[int]] = field(default_factory=dict)

    def total(self, metric: str) -> int:
        """Return what the metric comes to over the range."""
        return sum(self.series.get(metric, ()))

    @property
    def totals(self) -> dict[str, int]:
        """Return all of them; a metric that the reader may not see is not there."""
        return {metric: self.total(metric) for metric in self.series}


def counter_figures(
    actor: Any, span: Range, *, organization: Any = None, now: datetime | None = None
) -> Figures:
    """Return the counters of every organization whose rows the actor may view.

    `organization` narrows to it and those below. A device's counters are for those who may view
    devices there, a build's for those who may view builds; shared objects count for nothing.
    Reads a few rows for each organization, and one set of rows where nothing limits the actor.
    """
    grains = span.grains(now)
    figures = Figures(span, [moment(at) for at in grains])
    for ids, metrics in _reached(actor, organization).items():
        figures.series.update({metric: [0] * len(grains) for metric in metrics})
        for metric, at, count in _counts(ids, metrics, span.grain, grains):
            figures.series[metric][grains.index(at)] = int(count)
    return figures


def _reached(actor: Any, organization: Any) -> dict[Ids, list[str]]:
    """Return which metrics are to be summed over which organizations."""
    resolved: list[tuple[Any, Ids]] = []
    found: dict[Ids, list[str]] = {}
    for metric in METRICS.values():
        ids = reached(actor, metric.model, "view")
        known = next((said for asked, said in resolved if asked is ids), None)
        if known is None:
            known = _narrowed(ids, organization)
            resolved.append((ids, known))
        if known:
            found.setdefault(known, []).append(metric.slug)
    return found


def _narrowed(ids: Collection[int] | Any | None, organization: Any) -> Ids:
    if not organization:
        return (EVERYTHING,) if ids is None else tuple(sorted(_plain(ids)))
    inside = Organization.objects.filter(path__startswith=organization.path).order_by()
    if ids is not None:
        inside = inside.filter(pk__in=ids)
    return tuple(sorted(inside.values_list("pk", flat=True)))


def _plain(ids: Any) -> Iterable[int]:
    return ids.values_list("pk", flat=True) if hasattr(ids, "values_list") else ids


def _counts(ids: Ids, metrics: list[str], grain: str, times: range) -> list[Any]:
    connection = history()
    inside, values = among(connection, "organization_id", ids)
    marks = ", ".join(["%s"] * len(metrics))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT metric, at, sum(count) FROM {COUNTER} WHERE {inside} AND grain = %s"
            f" AND at >= %s AND at < %s AND metric IN ({marks}) GROUP BY metric, at",
            [*values, grain, times.start, times.stop, *metrics],
        )
        return cursor.fetchall()
