"""All writes to people, organizations and memberships. One file per topic."""

from __future__ import annotations

from accounts.services.first_operator import (
    FIRST_OPERATOR_TTL,
    first_operator_create,
    first_operator_token,
    first_operator_token_is_valid,
)
from accounts.services.memberships import membership_set
from accounts.services.organizations import organization_create, organization_rename
from accounts.services.people import (
    password_change,
    personal_name,
    personal_organization,
    user_create,
)

__all__ = [
    "FIRST_OPERATOR_TTL",
    "first_operator_create",
    "first_operator_token",
    "first_operator_token_is_valid",
    "membership_set",
    "organization_create",
    "organization_rename",
    "password_change",
    "personal_name",
    "personal_organization",
    "user_create",
]
