"""What templates of the fleet app ask for."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from fleet.pushes.progress import Progress, progress_of

register = template.Library()


@register.filter
def progress(counts: Mapping[str, int]) -> Progress:
    """Return the bar for receipts counted by state."""
    return progress_of(counts or {})
