"""Recovery codes: ten on paper, each opens once."""

from __future__ import annotations

import hashlib
import re
import secrets

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import RecoveryCode, RecoveryCodes, User
from accounts.second_factor.attempts import attempt_passed
from accounts.second_factor.events import RecoveryCodesMade
from accounts.selectors.people import own_organization
from audit.recorder import record

HOW_MANY = 10
FEW = 3
# No letter that is taken for another, no vowel that makes a word.
LETTERS = "23456789bcdfghjkmnpqrstvwxz"
LENGTH = 10
ITERATIONS = 50_000


@transaction.atomic
def recovery_make(actor: Actor, *, user: User) -> list[str]:
    """Return ten new codes, this once; those of before are void. Audits.

    The set itself stays, so that a session that was opened with one of its codes does too.
    """
    User.objects.select_for_update().get(pk=user.pk)
    found, _ = RecoveryCodes.objects.get_or_create(user=user, defaults={"name": "Recovery codes"})
    found.codes.all().delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(codes=found, digest=_digest(found, code)) for code in codes
    )
    RecoveryCodes.objects.filter(pk=found.pk).update(created_at=timezone.now())
    record(actor, RecoveryCodesMade, user, organization=own_organization(user), count=len(codes))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_left(user: User) -> int:
    """Return how many codes still open."""
    return RecoveryCode.objects.filter(codes__user=user, used_at=None).count()


def recovery_accepts(factor: RecoveryCodes, code: str) -> bool:
    """Tell whether this is an unused code; a claimed attempt is needed before.

    Compare-and-set: of two requests with the same code one is accepted.
    """
    written = re.sub(r"[^a-z0-9]", "", code.lower())
    if len(written) != LENGTH:
        return False
    unused = RecoveryCode.objects.filter(
        codes=factor, digest=_digest(factor, written), used_at=None
    )
    if unused.update(used_at=timezone.now()) != 1:
        return False
    RecoveryCodes.objects.filter(pk=factor.pk).update(**attempt_passed())
    return True


def _digest(factor: RecoveryCodes, code: str) -> str:
    """Return what is stored: slow to guess, and no key whose change would void the paper."""
    stretched = hashlib.pbkdf2_hmac("sha256", code.encode(), factor.uid.bytes, ITERATIONS)
    return stretched.hex()
