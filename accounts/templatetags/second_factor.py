"""The door for passkeys on the sign-in page."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.second_factor.passkeys import passkey_place
from accounts.views.second_factor.going_on import local_next

register = template.Library()


@register.inclusion_tag("accounts/second_factor/_passkey_door.html", takes_context=True)
def passkey_door(context: dict[str, Any]) -> dict[str, Any]:
    """Draw "Sign in with a passkey" where passkeys work; passkey.js shows it if it can."""
    request = context["request"]
    return {"works": passkey_place(request).works, "next": local_next(request)}
