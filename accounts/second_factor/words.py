"""How second factors are called."""

from __future__ import annotations

from typing import Any

KINDS = {
    "totp": ("Authenticator app", "device-desktop"),
    "sms": ("SMS", "message"),
    "passkey": ("Passkey", "key"),
    "recovery": ("Recovery codes", "clipboard-list"),
}


def kind_in_words(kind: str) -> str:
    """Return "Authenticator app", "SMS" and so on."""
    return KINDS[kind][0]


def icon_of(kind: str) -> str:
    """Return the icon of a kind of factor."""
    return KINDS[kind][1]


def masked(phone: str) -> str:
    """Return a number of which only its owner knows the rest."""
    return f"{phone[:4]} ••• {phone[-3:]}"


def factor_in_words(factor: Any) -> str:
    """Return how the audit log and notices call a factor, never with its whole number."""
    if factor.kind == "recovery":
        return "Recovery codes"
    return f"{kind_in_words(factor.kind)} “{factor.name}”"
