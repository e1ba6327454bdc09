"""A build as a page shows it: stages with their times, and the lines that tell why it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from builds.choices import BuildStatus
from builds.models import Build
from core.ansi import to_text

STAGES = (
    (BuildStatus.QUEUED, "Queued"),
    (BuildStatus.PREPARING, "Prepare"),
    (BuildStatus.CLONING, "Clone"),
    (BuildStatus.BUILDING, "Build"),
    (BuildStatus.PUBLISHING, "Publish"),
)
ENDED_BADLY = {BuildStatus.FAILED: "failed", BuildStatus.ERRORED: "failed"}
TELLING = re.compile(
    r"\b(error|fatal|traceback|exception|undefined reference|no such file|cannot|denied|refused"
    r"|not found|killed|timed out)\b|[A-Z]\w+Error\b",
    re.IGNORECASE,
)
LOOKED_AT = 400


@dataclass(frozen=True)
class Stage:
    """One stage on the line of a build's page."""

    label: str
    state: str
    seconds: float | None = None
    started: str = ""


def stages_of(build: Build) -> list[Stage]:
    """Return the five stages with their states and times."""
    reached = _reached(build)
    found = []
    for index, (slug, label) in enumerate(STAGES):
        entry = _entry(build, slug)
        state = _state(build, index, reached)
        seconds = entry.get("seconds")
        if seconds is None and state not in {"running", "pending", "skipped"}:
            seconds = _measured(build, entry)
        found.append(Stage(label, state, seconds, entry.get("started") or ""))
    return found


def duration_of(build: Build) -> timedelta | None:
    """Return how long the build worked, or None before it began."""
    if build.started_at is None:
        return None
    return (build.finished_at or timezone.now()) - build.started_at


@dataclass(frozen=True)
class TellingLine:
    """A line of the log that matters, and its number."""

    seq: int
    text: str


def telling_lines(build: Build, count: int = 3) -> list[TellingLine]:
    """Return the lines that say why the build failed, else the last that its programs printed."""
    rows = build.lines.exclude(stream="system").order_by("-seq")  # type: ignore[attr-defined]
    last = [TellingLine(seq, text) for seq, text in rows.values_list("seq", "text")[:LOOKED_AT]]
    said = [line for line in reversed(last) if line.text.strip()]
    matter = [i for i, line in enumerate(said) if TELLING.search(to_text(line.text))]
    if not matter:
        return said[-count:]
    if len(matter) >= count:
        return [said[i] for i in matter[:count]]
    return said[matter[0] : matter[0] + count]


def _reached(build: Build) -> int:
    """Return the index of the stage that runs, or that ran last."""
    order = [slug for slug, _ in STAGES]
    if build.status in order:
        return order.index(BuildStatus(build.status))
    if build.status == BuildStatus.SUCCEEDED:
        return len(order)
    started = [i for i, slug in enumerate(order) if slug in build.stages]
    return max(started, default=0)


def _state(build: Build, index: int, reached: int) -> str:
    if index < reached:
        return "done"
    if index > reached:
        return "skipped" if build.is_final else "pending"
    if not build.is_final:
        return "queued" if index == 0 else "running"
    return ENDED_BADLY.get(BuildStatus(build.status), "cancelled")


def _entry(build: Build, slug: str) -> dict[str, Any]:
    entry = build.stages.get(f"{slug}") or {}
    if slug == BuildStatus.QUEUED and not entry.get("seconds"):
        until = build.started_at or build.finished_at
        waited = (until - build.created_at).total_seconds() if until else None
        return {"started": build.created_at.isoformat(), "seconds": waited}
    return entry


def _measured(build: Build, entry: dict[str, Any]) -> float | None:
    """Return how long the last stage took when nobody was left to write it down."""
    if not entry.get("started") or build.finished_at is None:
        return None
    started = datetime.fromisoformat(entry["started"])
    return max(0.0, (build.finished_at - started).total_seconds())
