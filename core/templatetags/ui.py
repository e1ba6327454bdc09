"""Template tags of the console: icons, states, times, copy buttons, log lines."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from core import look
from core.ansi import to_html

register = template.Library()


@register.inclusion_tag("components/icon.html")
def icon(name: str, label: str = "", css: str = "") -> dict[str, Any]:
    """Draw an icon of the sprite; with `label` it speaks, without it is decoration."""
    return {"name": name, "label": label, "css": css, "sprite": static(look.ICON_SPRITE)}


@register.inclusion_tag("components/status.html")
def status(value: object, label: str = "", variant: str = "plain") -> dict[str, Any]:
    """Draw a state: word, icon and colour. `variant="pill"` for page headers."""
    state = look.state_of(value)
    return {"state": state, "word": label or state.word, "variant": variant}


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
