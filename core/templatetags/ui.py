"""Template tags of the console: icons, states, times, copy buttons, log lines."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from core import look
from core.ansi import to_html
from core.tables import Card, draw, draw_cards

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """Draw an icon of the sprite; with `label` it speaks, without it is decoration."""
    return _icon(f"{name}", f"{label}", f"{css}")


@register.simple_tag
def status(value: object, label: str = "", variant: str = "plain") -> SafeString:
    """Draw a state: word, icon and colour. `variant="pill"` for page headers."""
    state = look.state_of(value)
    return _status(state, f"{label or state.word}", f"{variant}")


# A page draws hundreds of them, and few that differ: each is rendered once.


@lru_cache(maxsize=1024)
def _icon(name: str, label: str, css: str) -> SafeString:
    context = {"name": name, "label": label, "css": css, "sprite": static(look.ICON_SPRITE)}
    return render_to_string("components/icon.html", context)


@lru_cache(maxsize=1024)
def _status(state: look.State, word: str, variant: str) -> SafeString:
    context = {"state": state, "word": word, "variant": variant}
    return render_to_string("components/status.html", context)


@register.inclusion_tag("components/reltime.html")
def reltime(value: dt.datetime | None, empty: str = "never") -> dict[str, Any]:
    """Draw a moment as "3 min ago" with the absolute time in the tooltip."""
    if value is None:
        return {"value": None, "empty": empty}
    return {
        "value": value,
        "iso": value.isoformat(),
        "absolute": look.absolute_time(value),
        "text": look.relative_time(value),
    }


@register.inclusion_tag("components/copy.html")
def copy(value: object, label: str = "Copy") -> dict[str, Any]:
    return {"value": value, "label": label}


@register.filter
def drawn_rows(table: Any) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Yield the rows of a table's page, each with the attributes and contents of its cells."""
    return draw(table)


@register.filter
def drawn_cards(table: Any) -> Iterator[Card]:
    """Yield the rows of a table's page as cards."""
    return draw_cards(table)


@register.filter
def state(value: object) -> look.State:
    return look.state_of(value)


@register.filter
def duration(value: dt.timedelta | float | None) -> str:
    return "" if value is None or value == "" else look.duration(value)


@register.filter
def ansi(text: str) -> SafeString:
    # to_html escapes every character of the text; only our own spans are markup.
    return mark_safe(to_html(str(text)))  # noqa: S308


@register.filter
def initial(value: object) -> str:
    """Return the first letter, for avatars."""
    return str(value).strip()[:1].upper() or "?"


@register.filter
def initials(person: object) -> str:
    """Return the first letters of a person's first and last word: "AL" of Ada Lovelace."""
    words = str(person).partition("@")[0].replace(".", " ").split() or ["?"]
    return "".join(word[:1] for word in (words[0], *words[1:][-1:])).upper()


@register.filter
def literal_pattern(text: object) -> str:
    """Return a pattern attribute that matches exactly this text: "a+b" has a plus in it."""
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", f"{text}")
