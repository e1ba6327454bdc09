"""Filters of organizations, members, invitations, roles and groups."""

from __future__ import annotations

from typing import Any

import django_filters

from accounts.choices import Role
from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from core.filters import ScopedFilterSet

STATES = [(name, name.capitalize()) for name in ("open", "expired", "accepted", "declined")]
STATES.append(("withdrawn", "Withdrawn"))


class OrganizationFilterSet(ScopedFilterSet):
    """By name or owner id."""

    search_fields = ("name", "owner_id")

    class Meta:
        model = Organization
        fields: list[str] = []


class WithinFilterSet(ScopedFilterSet):
    """Of one organization, by its uid. What one may not view has no rows anyway."""

    organization = django_filters.UUIDFilter(field_name="organization__uid", label="Organization")


class MembershipFilterSet(WithinFilterSet):
    """By person, role and organization."""

    search_fields = ("user__email", "user__first_name", "user__last_name")

    role = django_filters.ChoiceFilter(choices=Role.choices, label="Role")

    class Meta:
        model = Membership
        fields: list[str] = []


class InvitationFilterSet(WithinFilterSet):
    """By address, state and organization."""

    search_fields = ("email",)

    state = django_filters.ChoiceFilter(choices=STATES, method="filter_state", label="State")

    class Meta:
        model = Invitation
        fields: list[str] = []

    def filter_state(self, rows: Any, name: str, value: str) -> Any:
        """Narrow by what came of it."""
        return rows.filter(state=value)


class CustomRoleFilterSet(WithinFilterSet):
    """By name and organization."""

    search_fields = ("name",)

    class Meta:
        model = CustomRole
        fields: list[str] = []


class UserGroupFilterSet(WithinFilterSet):
    """By name and organization."""

    search_fields = ("name",)

    class Meta:
        model = UserGroup
        fields: list[str] = []
