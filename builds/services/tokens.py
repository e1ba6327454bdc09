"""One-time tokens: a device's right to fetch one artifact."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from builds.models import Artifact, OneTimeToken

LIFETIME = timedelta(hours=24)
LIFETIME_USED = timedelta(hours=1)
_TOKEN = re.compile(r"[0-9a-f]{64}")


def token_issue(*, device: Any, artifact: Artifact) -> str:
    """Return a new random token for the device; those it had for over an hour end."""
    now = timezone.now()
    old = Q(expires_at__lt=now) | Q(created_at__lt=now - LIFETIME_USED)
    OneTimeToken.objects.filter(old, device=device).delete()
    token = secrets.token_hex(32)
    OneTimeToken.objects.create(
        digest=_digest(token), device=device, artifact=artifact, expires_at=now + LIFETIME
    )
    return token


def token_find(token: str) -> OneTimeToken | None:
    """Return the live token with its artifact, build and device; text that is none asks nobody."""
    if not _TOKEN.fullmatch(token):
        return None
    rows = OneTimeToken.objects.filter(digest=_digest(token), expires_at__gt=timezone.now())
    return rows.select_related("artifact__build", "device__state", "device__organization").first()


def token_use(token: OneTimeToken) -> bool:
    """Note a download; True for the first one, which shortens the token's life to an hour."""
    now = timezone.now()
    return (
        OneTimeToken.objects.filter(pk=token.pk, first_used_at=None).update(
            first_used_at=now, expires_at=min(token.expires_at, now + LIFETIME_USED)
        )
        == 1
    )


def tokens_sweep() -> int:
    """Delete the tokens that ended; return how many."""
    return OneTimeToken.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
