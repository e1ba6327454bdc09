"""Reads of people and organizations for pages."""

from __future__ import annotations

from accounts.selectors.organizations import (
    SESSION_KEY,
    actor_home,
    chosen_organization,
    home_organization,
    reachable_organizations,
    switchable_organizations,
)
from accounts.selectors.people import account_activity, own_memberships

__all__ = [
    "SESSION_KEY",
    "account_activity",
    "actor_home",
    "chosen_organization",
    "home_organization",
    "own_memberships",
    "reachable_organizations",
    "switchable_organizations",
]
