"""How often mail may be asked for, and accounts made: per account, and per address."""

from __future__ import annotations

from dataclasses import dataclass

from core.ratelimit import RateLimit

HOUR = 3600


@dataclass(frozen=True)
class AskingLimit:
    """Counts every request of one kind, whatever becomes of it, so that it tells nothing."""

    account: RateLimit
    address: RateLimit

    def take(self, name: str, address: str) -> int:
        """Count one request; return the seconds to wait when there were too many before it."""
        name = name.strip().casefold()
        wait = max(self.account.retry_after(name), self.address.retry_after(address))
        if not wait:
            self.account.failed(name)
            self.address.failed(address)
        return wait


def _limit(kind: str, per_account: int, per_address: int) -> AskingLimit:
    return AskingLimit(
        RateLimit(f"{kind}-account", per_account, HOUR),
        RateLimit(f"{kind}-address", per_address, HOUR),
    )


SIGN_UP = _limit("sign-up", 5, 20)
RESEND = _limit("resend", 5, 20)
RESET = _limit("reset", 5, 20)
EMAIL_CHANGE = _limit("email-change", 5, 20)
# Addresses that organizations want to send news to; the second limit is of the organization.
NEWS_ADDRESS = _limit("news-address", 5, 30)
