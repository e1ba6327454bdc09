"""Keys and variables, through the services that make them."""

from __future__ import annotations

from accounts.actor import Actor
from keys.choices import ApiKeyKind
from keys.models import ApiKey
from keys.services import api_key_create


def make_api_key(
    organization, *, user=None, kind=ApiKeyKind.DEVICE, **kwargs
) -> tuple[ApiKey, str]:
    """Return the row and the text of a new API key."""
    actor = Actor(user=user) if user else Actor.named_system("tests")
    kwargs.setdefault("alias", "test key")
    return api_key_create(actor, organization=organization, kind=kind, **kwargs)
