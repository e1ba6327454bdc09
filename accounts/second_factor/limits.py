"""How often a factor may be guessed and a code be sent."""

from __future__ import annotations

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
