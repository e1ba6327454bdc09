"""Who may read the outbox."""

from __future__ import annotations

from typing import Any

from django.conf import settings

OUTBOX_BACKEND = "core.mail.backends.OutboxBackend"


def is_outbox_used() -> bool:
    """Tell whether mail or SMS stay in the folder."""
    return settings.EMAIL_BACKEND == OUTBOX_BACKEND or settings.SMS_GATEWAY == "outbox"


def may_read_outbox(actor: Any) -> bool:
    """Tell whether this actor reads messages to anybody, one-time links and codes included.

    That is an unrestricted actor: a superuser who has shown a second factor. On one machine
    (THINX_EMBEDDED) it is also a superuser who has none yet: the code that enrols their phone lies
    in this very outbox, and nobody else could give it to them. Once they have a factor, a session
    that has not shown it reads nothing. Each reading is audited.
    """
    if not is_outbox_used():
        return False
    if actor.is_unrestricted:
        return True
    user = actor.user
    if not settings.EMBEDDED or user is None or not (user.is_superuser and user.is_active):
        return False
    is_in_person = actor.impersonator is None and not actor.credential and actor.ceiling is None
    return is_in_person and user.second_factor_at is None
