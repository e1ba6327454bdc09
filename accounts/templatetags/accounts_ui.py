"""How roles read in templates."""

from __future__ import annotations

from django import template

from accounts import catalogue

register = template.Library()


@register.filter
def role_in_words(actions: list[str]) -> list[tuple[str, str]]:
    """Return (kind of object, "view, change") for each kind that a role concerns."""
    return catalogue.role_in_words(actions)
