"""What counts against the limits of builds at once and of storage."""

from __future__ import annotations

from django.db.models import Sum

from accounts.services.limits import count_by
from builds.choices import UNFINISHED
from builds.models import Artifact, Build


def builds_below(path: str) -> int:
    """Return how many builds of an organization and everything below it are not over."""
    unfinished = Build.objects.filter(status__in=UNFINISHED)
    return unfinished.filter(organization__path__startswith=path).count()


def bytes_below(path: str) -> int:
    """Return how many bytes the artifacts of an organization and everything below it take."""
    rows = Artifact.objects.filter(organization__path__startswith=path)
    return rows.aggregate(size=Sum("size"))["size"] or 0


count_by("builds", builds_below)
count_by("storage", bytes_below)
