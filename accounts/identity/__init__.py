"""First factors: signing up, addresses, passwords, lockouts, providers, directories."""

from __future__ import annotations

from accounts.identity.policy import sign_up_allowed, sign_up_policy

__all__ = ["sign_up_allowed", "sign_up_policy"]
