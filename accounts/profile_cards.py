"""What the Security tab of the profile shows: cards that other files of this app register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest


def _nothing(request: HttpRequest) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Card:
    """One card. `template` draws it from `card`, what `context` returns; lower orders come first.

    `shown` hides a card that has nothing to say in this installation.
    """

    slug: str
    template: str
    order: int = 50
    context: Callable[[HttpRequest], dict[str, Any]] = _nothing
    shown: Callable[[HttpRequest], bool] = lambda request: True


_cards: dict[str, Card] = {}


def register(card: Card) -> Card:
    """Add a card; two of one slug raise ImproperlyConfigured."""
    if _cards.setdefault(card.slug, card) is not card:
        raise ImproperlyConfigured(f"the profile has two cards {card.slug!r}")
    return card


def cards_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the cards in their order, each with its template and context."""
    ordered = sorted(_cards.values(), key=lambda card: (card.order, card.slug))
    return [
        {"slug": card.slug, "template": card.template, "context": card.context(request)}
        for card in ordered
        if card.shown(request)
    ]
