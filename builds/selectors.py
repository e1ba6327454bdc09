"""Reads of builds that pages, API and gateway share."""

from __future__ import annotations

from builds.models import Build, BuildLogLine


def build_log_lines(build: Build, *, after: int = 0, limit: int = 1000) -> list[BuildLogLine]:
    """Return lines of a build the caller may already view, from `after` on."""
    return list(BuildLogLine.objects.filter(build=build, seq__gt=after).order_by("seq")[:limit])
