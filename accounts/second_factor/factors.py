"""The second factors of a person: finding, confirming, checking, renaming, removing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Passkey, RecoveryCodes, RememberedBrowser, SmsDevice, TotpDevice, User
from accounts.second_factor.attempts import attempt_claim, attempt_refused
from accounts.second_factor.events import (
    FactorAdded,
    FactorRemoved,
    FactorRenamed,
    FactorVerified,
    RecoveryCodeUsed,
)
from accounts.second_factor.recovery import recovery_accepts, recovery_left
from accounts.second_factor.signals import factor_added, factor_removed
from accounts.second_factor.sms import sms_accepts
from accounts.second_factor.totp import totp_accepts
from accounts.second_factor.words import factor_in_words
from accounts.selectors.people import own_organization
from audit.recorder import record
from core.exceptions import Conflict

Factor = TotpDevice | SmsDevice | Passkey
MODELS: tuple[type[Any], ...] = (TotpDevice, SmsDevice, Passkey)
MOST_FACTORS = 20
SAFEST = ("passkey", "totp", "sms")
ACCEPTS: dict[str, Callable[[Any, str], bool]] = {
    "totp": totp_accepts,
    "sms": sms_accepts,
    "recovery": recovery_accepts,
}
WRONG = {
    "totp": "This code is wrong or was used. The app shows a new one every 30 seconds.",
    "sms": "This code is wrong, used or too old. Ask for another if it goes on.",
    "recovery": "This is not one of your unused recovery codes.",
    "passkey": "This passkey is not one of yours.",
}


def factors_of(user: User) -> list[Factor]:
    """Return the confirmed factors, the one used last first. Recovery codes are not among them."""
    found = [row for model in MODELS for row in model.objects.filter(user=user, confirmed=True)]
    first = [factor for factor in found if factor.last_used_at is not None]
    rest = [factor for factor in found if factor.last_used_at is None]
    first.sort(key=lambda factor: factor.last_used_at, reverse=True)
    rest.sort(key=lambda factor: (SAFEST.index(factor.kind), factor.pk))
    return [*first, *rest]


def factor_get(user: User, uid: UUID) -> Factor:
    """Return one confirmed factor of this person; Http404 for anybody else's."""
    for model in MODELS:
        factor = model.objects.filter(user=user, uid=uid, confirmed=True).first()
        if factor is not None:
            return factor
    raise Http404


def factor_room(user: User) -> None:
    """Raise Conflict when a person has as many confirmed factors as anybody may."""
    rows = [model.objects.filter(user=user, confirmed=True) for model in MODELS]
    if sum(found.count() for found in rows) >= MOST_FACTORS:
        raise Conflict("accounts.factor_limit", "Remove a factor before you add another.")


def code_check(actor: Actor, *, factor: Any, code: str) -> None:
    """Check a code; raises CodeRefused with the reason. Audits both outcomes.

    Not atomic: a wrong try is counted and recorded although it is refused.
    """
    attempt_claim(factor)
    if not ACCEPTS[factor.kind](factor, code):
        raise attempt_refused(actor, factor, WRONG[factor.kind])
    if factor.confirmed:
        factor_shown(actor, factor=factor)


@transaction.atomic
def factor_shown(actor: Actor, *, factor: Any) -> None:
    """Record that a person showed this factor."""
    place = own_organization(factor.user)
    if factor.kind == "recovery":
        left = recovery_left(factor.user)
        record(actor, RecoveryCodeUsed, factor.user, organization=place, left=left)
        return
    name = factor_in_words(factor)
    record(actor, FactorVerified, factor.user, organization=place, factor=name)


@transaction.atomic
def factor_confirm(actor: Actor, *, factor: Any, name: str = "") -> Factor:
    """Let a factor open from now on. Audits, tells `factor_added`."""
    User.objects.select_for_update().get(pk=factor.user_id)
    factor.name, factor.confirmed = name.strip()[:64] or factor.name, True
    type(factor).objects.filter(pk=factor.pk).update(name=factor.name, confirmed=True)
    _mark(factor.user)
    record(
        actor,
        FactorAdded,
        factor.user,
        organization=own_organization(factor.user),
        factor=factor_in_words(factor),
    )
    _tell(factor_added, actor, factor)
    return factor


@transaction.atomic
def factor_rename(actor: Actor, *, factor: Factor, name: str) -> Factor:
    """Change what its owner calls a factor. Audits."""
    before = factor.name
    factor.name = name.strip()
    factor.save(update_fields=["name"])
    record(
        actor,
        FactorRenamed,
        factor.user,
        organization=own_organization(factor.user),
        factor=factor_in_words(factor),
        before=before,
    )
    return factor


@transaction.atomic
def factor_remove(actor: Actor, *, factor: Factor) -> None:
    """Remove a factor, the browsers it vouched for, and the recovery codes with the last one.

    Sessions that showed it are asked for another, and with none left count as without. Audits,
    tells `factor_removed`.
    """
    user = factor.user
    User.objects.select_for_update().get(pk=user.pk)
    RememberedBrowser.objects.filter(user=user, factor=factor.persistent_id).delete()
    record(
        actor,
        FactorRemoved,
        user,
        organization=own_organization(user),
        factor=factor_in_words(factor),
    )
    _tell(factor_removed, actor, factor)
    factor.delete()
    _mark(user)


@transaction.atomic
def factors_reset(actor: Actor, *, user: User) -> int:
    """Remove every factor of a person, for support; return how many there were. Audits each."""
    found = factors_of(user)
    for factor in found:
        factor_remove(actor, factor=factor)
    return len(found)


def _mark(user: User) -> None:
    """Keep `second_factor_at`: since when the person has a factor, or None."""
    has_any = any(model.objects.filter(user=user, confirmed=True).exists() for model in MODELS)
    if not has_any:
        RecoveryCodes.objects.filter(user=user).delete()
        RememberedBrowser.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).update(second_factor_at=None)
        user.second_factor_at = None
        return
    # As stored, not as loaded: another request may have removed the last one meanwhile.
    User.objects.filter(pk=user.pk, second_factor_at=None).update(second_factor_at=timezone.now())
    user.second_factor_at = User.objects.values_list("second_factor_at", flat=True).get(pk=user.pk)


def _tell(signal: Any, actor: Actor, factor: Any) -> None:
    signal.send(
        sender=type(factor), user=factor.user, actor=actor, kind=factor.kind, name=factor.name
    )
