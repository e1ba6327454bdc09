"""The one-time link of the first start."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.services.people import user_create
from core.exceptions import Conflict

FIRST_OPERATOR_TTL = 24 * 3600


def first_operator_token() -> str | None:
    """Return the token of the one-time link, or None once there is an operator.

    The token is signed with the installation's secret and good for a day; using it creates the
    first user, after which every token is void.
    """
    if User.objects.exists():
        return None
    issued = f"{int(timezone.now().timestamp())}-{secrets.token_hex(16)}"
    return f"{issued}-{_first_operator_signature(issued)}"


def first_operator_token_is_valid(token: str) -> bool:
    """Tell whether the link is genuine, not older than a day, and nobody is there yet."""
    issued, _, signature = token.rpartition("-")
    if not issued or not hmac.compare_digest(_first_operator_signature(issued), signature):
        return False
    age = timezone.now().timestamp() - int(issued.split("-", 1)[0])
    return 0 <= age <= FIRST_OPERATOR_TTL and not User.objects.exists()


@transaction.atomic
def first_operator_create(*, email: str, password: str) -> User:
    """Create the first user, a superuser; raises Conflict when there is one already."""
    if User.objects.select_for_update().exists():
        raise Conflict("accounts.operator_exists", "This console already has an operator.")
    actor = Actor.named_system("first start")
    return user_create(actor, email=email, password=password, is_superuser=True)


def _first_operator_signature(issued: str) -> str:
    key = f"first-operator:{settings.SECRET_KEY}".encode()
    return hmac.new(key, issued.encode(), hashlib.sha256).hexdigest()
