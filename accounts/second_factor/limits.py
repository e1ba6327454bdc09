"""How often a factor may be guessed and a code be sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from core.ratelimit import RateLimit

QUARTER, HOUR, DAY = 900, 3600, 86_400

# Wrong answers to "who sits there?", whatever was asked for.
GUESSES_OF_ACCOUNT = RateLimit("factor-account", 10, QUARTER)
GUESSES_OF_ADDRESS = RateLimit("factor-address", 50, QUARTER)


def guess_wait(account: object, address: str) -> int:
    """Return the seconds until this account may answer again from this address; 0 for now."""
    return max(
        GUESSES_OF_ACCOUNT.retry_after(f"{account}"),
        GUESSES_OF_ADDRESS.retry_after(address),
    )


def guess_failed(account: object, address: str) -> None:
    """Count a wrong answer."""
    GUESSES_OF_ACCOUNT.failed(f"{account}")
    GUESSES_OF_ADDRESS.failed(address)


def guess_passed(account: object) -> None:
    """Forget the wrong answers of an account; those of an address stay, others share it."""
    GUESSES_OF_ACCOUNT.forget(f"{account}")


# Codes sent: an SMS costs money, and a number that earns by them is easily had (SMS pumping).
SENT_TO_ACCOUNT = RateLimit("sms-account", 5, HOUR)
SENT_TO_NUMBER = RateLimit("sms-number", 10, DAY)
SENT_FOR_ADDRESS = RateLimit("sms-address", 20, HOUR)


def sms_wait(actor: Any, phone: str) -> int:
    """Return the seconds until another code may be sent to this number for this actor."""
    return max(limit.retry_after(subject) for limit, subject in _sms_limits(actor, phone))


def sms_count(actor: Any, phone: str) -> None:
    """Count a code that is sent."""
    for limit, subject in _sms_limits(actor, phone):
        limit.failed(subject)


def _sms_limits(actor: Any, phone: str) -> list[tuple[RateLimit, str]]:
    return [
        (SENT_TO_ACCOUNT, f"{actor.user.pk}"),
        (SENT_TO_NUMBER, phone),
        (SENT_FOR_ADDRESS, actor.address),
        (RateLimit("sms-all", settings.SMS_CODES_PER_HOUR, HOUR), "all"),
    ]
