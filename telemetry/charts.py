"""What charts and their tables show: series as columns, with words and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry.figures import Figures
from telemetry.ranges import RANGES, Range
from telemetry.selectors import Point


@dataclass(frozen=True)
class Column:
    """One series: its words, its colour (a tone of tokens.css), its values; None is a gap."""

    label: str
    tone: str
    values: Sequence[float | int | None]


@dataclass(frozen=True)
class Chart:
    """One drawing with its table. `kind` is bars or lines."""

    slug: str
    title: str
    kind: str
    times: Sequence[datetime]
    columns: Sequence[Column]
    unit: str = ""
    note: str = ""

    @property
    def rows(self) -> list[tuple[datetime, list[float | int | None]]]:
        """Return the lines of the table."""
        lines = zip(*(column.values for column in self.columns), strict=True)
        return [(at, list(values)) for at, values in zip(self.times, lines, strict=True)]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        return not any(value for column in self.columns for value in column.values)


def device_charts(points: Sequence[Point]) -> list[Chart]:
    """Return the charts of one device."""
    times = [point.at for point in points]
    checkins = Column("Check-ins", "accent", [point.checkins for point in points])
    mean = Column("Mean", "accent", [_short(point.rssi) for point in points])
    lowest = Column("Lowest", "unknown", [_short(point.rssi_lowest) for point in points])
    snr = Column("SNR", "running", [_short(point.snr) for point in points])
    return [
        Chart("checkins", "Check-ins", "bars", times, [checkins]),
        Chart("rssi", "Signal strength", "lines", times, [mean, lowest], unit="dBm"),
        Chart("snr", "Signal to noise", "lines", times, [snr], unit="dB"),
    ]


def fleet_charts(figures: Figures) -> list[Chart]:
    """Return the charts of the dashboard, of those counters that the reader may see."""
    wanted = (
        ("checkins", "Check-ins", (("checkins", "Check-ins", "accent"),)),
        ("alarms", "Alarms", (("errors", "Errors", "error"), ("warnings", "Warnings", "warning"))),
        (
            "builds",
            "Builds",
            (("builds_succeeded", "Succeeded", "ok"), ("builds_failed", "Failed", "error")),
        ),
    )
    return [
        Chart(slug, title, "bars", figures.times, columns, note=_said(figures, parts))
        for slug, title, parts in wanted
        if (columns := _columns(figures, parts))
    ]


def _columns(figures: Figures, parts: Any) -> list[Column]:
    known = [part for part in parts if part[0] in figures.series]
    return [Column(label, tone, figures.series[metric]) for metric, label, tone in known]


def _said(figures: Figures, parts: Any) -> str:
    if len(parts) == 1:
        return f"{figures.total(parts[0][0]):,}"
    return " · ".join(f"{figures.total(metric):,} {label.lower()}" for metric, label, _ in parts)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def range_links(chosen: Range) -> list[dict[str, Any]]:
    """Return the switch of ranges as links of the same page."""
    return [
        {"label": each.label, "url": f"?range={each.slug}", "active": each is chosen}
        for each in RANGES.values()
    ]
