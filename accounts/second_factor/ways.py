"""The ways in which a person can prove who they are: what the questions offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import RecoveryCodes, User
from accounts.second_factor.factors import factors_of
from accounts.second_factor.recovery import recovery_left
from accounts.second_factor.sms import sms_is_offered, sms_is_waiting
from accounts.second_factor.words import icon_of, masked


@dataclass(frozen=True)
class Way:
    """One way to answer: `key` names it in the form, `factor` is what the answer goes to."""

    key: str
    kind: str
    label: str
    icon: str
    factor: Any = None

    @property
    def is_waiting(self) -> bool:
        """Tell whether a code was sent that still works."""
        return self.kind == "sms" and sms_is_waiting(self.factor)

    @property
    def number(self) -> str:
        """Return the phone number as far as its owner needs it."""
        return masked(self.factor.phone)


def ways_of(user: User) -> list[Way]:
    """Return the ways of a person, the one used last first; all passkeys are one way."""
    if user.second_factor_at is None:
        return []
    found: list[Way] = []
    for factor in factors_of(user):
        if factor.kind == "passkey":
            if not any(way.kind == "passkey" for way in found):
                found.append(Way("passkey", "passkey", "Passkey", icon_of("passkey"), factor))
        elif factor.kind == "sms":
            if sms_is_offered():
                label = f"SMS to {masked(factor.phone)}"
                found.append(Way(f"{factor.uid}", "sms", label, icon_of("sms"), factor))
        else:
            found.append(
                Way(f"{factor.uid}", "totp", f"Code of {factor.name}", icon_of("totp"), factor)
            )
    if found and recovery_left(user):
        codes = RecoveryCodes.objects.get(user=user)
        found.append(Way("recovery", "recovery", "Recovery code", icon_of("recovery"), codes))
    return found
