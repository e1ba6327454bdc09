"""How long a device must be away until one receiver hears of it.

What held when an absence began holds for all of it, whatever is chosen meanwhile: so everybody is
told once of each, at the moment that they had chosen then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Stands for THINX_OFFLINE_NOTICE where nothing is chosen.
USUAL = 0
SHORTEST, LONGEST = 60, 7 * 86_400
# What was chosen before is remembered until no absence can be left that it holds for.
KEPT = timedelta(seconds=LONGEST) + timedelta(days=1)
MOST_KEPT = 50

Earlier = list[list[str | int]]


def after_at(chosen: int | None, earlier: Earlier, began: datetime) -> int:
    """Return the seconds that held for an absence; `earlier` is what was chosen until when."""
    for until, seconds in earlier:
        if began < datetime.fromisoformat(f"{until}"):
            return int(seconds)
    return chosen or USUAL


def with_earlier(earlier: Earlier, chosen: int | None, now: datetime) -> Earlier:
    """Return what is to be remembered when something else is chosen now."""
    kept = [entry for entry in earlier if datetime.fromisoformat(f"{entry[0]}") > now - KEPT]
    ends: list[str | int] = [now.isoformat(), chosen or USUAL]
    return [*kept, ends][-MOST_KEPT:]


def in_words(seconds: int) -> str:
    """Return "90 minutes" or "2 hours"."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"
