"""Tables of organizations, members, invitations, roles and groups."""

from __future__ import annotations

import django_tables2 as tables

from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from core.tables import (
    BEYOND_PHONE,
    UNSEEN_ACTIONS,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    MonoColumn,
    NameColumn,
    StatusColumn,
    TimeColumn,
)

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class OrganizationTable(ConsoleTable):
    """One organization per line, as a tree unless sorted otherwise."""

    name = ComponentColumn("accounts/columns/organization_name.html", verbose_name="Name")
    is_personal = ComponentColumn("accounts/columns/kind.html", verbose_name="Kind")
    owner_id = MonoColumn(
        template="accounts/columns/owner_id.html", verbose_name="Owner ID", attrs=BEYOND_PHONE
    )
    members = tables.Column(attrs=NUMBER)
    created_at = TimeColumn(verbose_name="Created", attrs=BEYOND_PHONE)

    class Meta:
        model = Organization
        fields = ("name", "is_personal", "owner_id", "members", "created_at")


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
    actions = ActionsColumn()

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ("person", "role", "created_at")
        sequence = ("person", "role", "created_at", "...", "actions")
        order_by = ("person",)


class MemberAdminTable(MemberTable):
    """The same for admins, who also see how safely and how lately people sign in."""

    factor = ComponentColumn(
        "accounts/columns/factor.html",
        accessor="user__second_factor_at",
        order_by=("user__second_factor_at",),
        verbose_name="Second factor",
        empty_values=(),
    )
    last_login = TimeColumn(
        accessor="user__last_login",
        order_by=("user__last_login",),
        verbose_name="Last sign-in",
        empty_values=(),
    )

    class Meta(MemberTable.Meta):
        fields: tuple[str, ...] = ("person", "role", "created_at", "factor", "last_login")


class InvitationTable(ConsoleTable):
    """One invitation per line, the newest first."""

    email = ComponentColumn("accounts/columns/invited.html", verbose_name="Invited")
    state = StatusColumn(verbose_name="State", orderable=False)
    role = ComponentColumn("accounts/columns/role.html", verbose_name="Role")
    created_at = TimeColumn(verbose_name="Sent")
    expires_at = TimeColumn(verbose_name="Expires")
    actions = ActionsColumn()

    class Meta:
        model = Invitation
        fields = ("email", "state", "role", "created_at", "expires_at")
        order_by = ("-created_at",)


class CustomRoleTable(ConsoleTable):
    """One role per line: what it is called, what it contains, who holds it."""

    name = NameColumn(verbose_name="Role")
    contains = ComponentColumn(
        "accounts/columns/contains.html", accessor="actions", orderable=False, verbose_name="May do"
    )
    holders = tables.Column(verbose_name="Held by", attrs=NUMBER)
    actions = ActionsColumn()

    class Meta:
        model = CustomRole
        fields = ("name", "contains", "holders")
        order_by = ("name",)


class GroupTable(ConsoleTable):
    """One group per line."""

    name = NameColumn(verbose_name="Group")
    people = tables.Column(verbose_name="People", attrs=NUMBER)
    created_at = TimeColumn(verbose_name="Created")
    actions = ActionsColumn()

    class Meta:
        model = UserGroup
        fields = ("name", "people", "created_at")
        order_by = ("name",)


class GroupMemberTable(ConsoleTable):
    """One person of a group per line."""

    person = ComponentColumn(
        "accounts/columns/person_itself.html",
        accessor="email",
        order_by=("email",),
        verbose_name="Person",
    )
    remove = ComponentColumn(
        "accounts/columns/group_remove.html",
        accessor="uid",
        orderable=False,
        verbose_name=UNSEEN_ACTIONS,
        attrs={"th": {"class": "text-end"}, "td": {"class": "text-end"}},
    )

    class Meta:
        fields = ("person", "remove")
        order_by = ("person",)
