"""How often a password may be guessed: per account and address, and per address alone."""

from __future__ import annotations

from core.ratelimit import RateLimit

WINDOW = 15 * 60
# The pair, so that nobody far away locks somebody else out; the address, which may be an office.
ACCOUNT_AT_ADDRESS = RateLimit("password", 10, WINDOW)
ADDRESS = RateLimit("password-address", 50, WINDOW)


def seconds_to_wait(name: str, address: str) -> int:
    """Return how long this account must wait at this address; 0 when it may try."""
    pair = ACCOUNT_AT_ADDRESS.retry_after(_pair(name, address))
    return max(pair, ADDRESS.retry_after(address))


def guess_failed(name: str, address: str) -> None:
    """Count a wrong password."""
    ACCOUNT_AT_ADDRESS.failed(_pair(name, address))
    ADDRESS.failed(address)


def guess_passed(name: str, address: str) -> None:
    """Forget the wrong passwords of this account at this address."""
    ACCOUNT_AT_ADDRESS.forget(_pair(name, address))


def _pair(name: str, address: str) -> str:
    return f"{name.strip().casefold()} {address}"
