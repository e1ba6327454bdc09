"""Tables of organizations and their members."""

from __future__ import annotations

import django_tables2 as tables

from accounts.models import Membership, Organization
from core.tables import ComponentColumn, ConsoleTable, MonoColumn, NameColumn, TimeColumn


class OrganizationTable(ConsoleTable):
    """One organization per line."""

    name = NameColumn(verbose_name="Name")
    is_personal = ComponentColumn("accounts/columns/kind.html", verbose_name="Kind")
    owner_id = MonoColumn(template="accounts/columns/owner_id.html", verbose_name="Owner ID")
    members = tables.Column(attrs={"th": {"class": "num"}, "td": {"class": "num"}})
    created_at = TimeColumn(verbose_name="Created")

    class Meta:
        model = Organization
        fields = ("name", "is_personal", "owner_id", "members", "created_at")
        order_by = ("name",)


class MemberTable(ConsoleTable):
    """One person of an organization per line."""

    person = ComponentColumn(
        "accounts/columns/person.html",
        accessor="user",
        order_by=("user__email",),
        verbose_name="Person",
    )
    role = ComponentColumn("accounts/columns/role.html", verbose_name="Role")
    created_at = TimeColumn(verbose_name="Member since")

    class Meta:
        model = Membership
        fields = ("person", "role", "created_at")
        order_by = ("person",)
