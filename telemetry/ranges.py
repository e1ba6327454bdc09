"""The spans of time that charts show, and how finely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from telemetry.constants import DAY, HOUR, SECOND
from telemetry.places import stamp


@dataclass(frozen=True)
class Range:
    """A span of time until now. A series has a point for each `step`; an empty one is a gap.

    The shortest step is as long as an online device may be silent, so that a device which calls
    as it should has no gaps. Counters have a point for each hour ("h") or UTC day ("d").
    """

    slug: str
    label: str
    words: str
    span: int
    step: int
    grain: str

    def steps(self, now: datetime | None = None) -> range:
        """Return where each step begins, up to the one that is not over yet."""
        end = stamp(now) // self.step * self.step + self.step
        return range(end - self.span, end, self.step)

    def grains(self, now: datetime | None = None) -> range:
        """Return where each hour or day begins, up to the present one."""
        width = HOUR if self.grain == "h" else DAY
        end = stamp(now) // width * width + width
        return range(end - self.span, end, width)


RANGES = {
    each.slug: each
    for each in (
        Range("24h", "24 h", "the last 24 hours", DAY, 900 * SECOND, "h"),
        Range("7d", "7 d", "the last 7 days", 7 * DAY, HOUR // 2, "d"),
        Range("30d", "30 d", "the last 30 days", 30 * DAY, 2 * HOUR, "d"),
    )
}
DEFAULT_RANGE = RANGES["24h"]


def range_of(slug: str | None) -> Range:
    """Return the range of this name; an unknown one is the shortest."""
    return RANGES.get(slug or "", DEFAULT_RANGE)
