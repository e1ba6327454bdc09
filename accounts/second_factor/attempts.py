"""One try at a time: how the guessing of codes is slowed down and counted."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.second_factor.events import FactorRefused
from accounts.second_factor.words import factor_in_words
from accounts.selectors.people import own_organization
from audit.recorder import record
from core.exceptions import DomainError

# After the first wrong code one waits a second, then two, four, … and never over 68 minutes.
MOST_FAILURES = 13


class CodeRefused(DomainError):
    """The code does not open: wrong, used, too old, or the passkey is not one's own."""

    status = 400


def attempt_claim(factor: Any) -> None:
    """Take the right to one try, counting it as a failure until it succeeds.

    Compare-and-set: of many requests at once one gets it. Raises CodeRefused with the wait.
    """
    allowed, why = factor.verify_is_allowed()
    now = timezone.now()
    if allowed:
        seen = {
            "throttling_failure_count": factor.throttling_failure_count,
            "throttling_failure_timestamp": factor.throttling_failure_timestamp,
        }
        failures = min(factor.throttling_failure_count + 1, MOST_FAILURES)
        claimed = {"throttling_failure_count": failures, "throttling_failure_timestamp": now}
        if type(factor).objects.filter(pk=factor.pk, **seen).update(**claimed) == 1:
            return
    until = (why or {}).get("locked_until", now)
    raise CodeRefused("accounts.code_too_soon", _come_back((until - now).total_seconds()))


def attempt_passed() -> dict[str, Any]:
    """Return the fields that say that the last try was right; update them with the code."""
    return {
        "throttling_failure_count": 0,
        "throttling_failure_timestamp": None,
        "last_used_at": timezone.now(),
    }


def attempt_refused(actor: Actor, factor: Any, reason: str) -> CodeRefused:
    """Return the refusal to raise. Audits, whatever becomes of the caller's transaction."""
    record(
        actor,
        FactorRefused,
        actor.user,
        organization=own_organization(factor.user),
        factor=factor_in_words(factor),
        reason=reason,
    )
    return CodeRefused("accounts.code_refused", reason)


def _come_back(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 120:
        return f"Wait {whole} {'second' if whole == 1 else 'seconds'}, then try again."
    return f"Too many wrong codes. Try again in {-(-whole // 60)} minutes, or another way."
