"""Organizations, who holds which role where, and who is invited."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from treebeard.mp_tree import MP_Node

from accounts.choices import Role
from accounts.models.people import User
from accounts.querysets import OrganizationManager
from core.models import UidModel
from core.scoping import ScopedQuerySet

# What PostgreSQL's column holds; SQLite's would hold more.
LIMIT = [MaxValueValidator(2_147_483_647)]


def new_owner_id() -> str:
    """Return a THiNX owner id: 64 lower-case hex characters, random."""
    return secrets.token_hex(32)


class Organization(UidModel, MP_Node):
    """What everything belongs to. Each user has a personal one; others form trees.

    `owner_id` is the THiNX owner id that devices send and MQTT topics start with. A limit left
    empty is none of its own; those of the organizations above hold below them too.
    """

    scope_path = "pk"

    name = models.CharField(max_length=120)
    owner_id = models.CharField(max_length=64, unique=True, default=new_owner_id, editable=False)
    is_personal = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(default=True)
    requires_second_factor = models.BooleanField(default=False)
    reviews_pushes = models.BooleanField(default=False)
    max_devices = models.PositiveIntegerField(null=True, blank=True, validators=LIMIT)
    max_concurrent_builds = models.PositiveIntegerField(null=True, blank=True, validators=LIMIT)
    max_storage_mb = models.PositiveIntegerField(null=True, blank=True, validators=LIMIT)
    created_at = models.DateTimeField(auto_now_add=True)

    node_order_by: list[str] = []
    objects = OrganizationManager()

    class Meta:
        ordering = ["path"]
        permissions = [
            ("move_organization", "Can move the organization within the tree"),
            ("limit_organization", "Can set the limits of the organizations below"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the organization's page."""
        return reverse("accounts:organization", kwargs={"uid": self.uid})


class CustomRole(UidModel):
    """A named set of actions, usable in its organization and below it.

    `actions` lists permission names, `app.action_model`.
    """

    scope_path = "organization"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="custom_roles")
    name = models.CharField(max_length=80)
    actions = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "role"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_role_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the role's page."""
        return reverse("accounts:customrole", kwargs={"uid": self.uid})


class RoleHolding(models.Model):
    """A built-in role, or `custom` together with the custom role that is meant."""

    role = models.CharField(max_length=16, choices=Role.choices)
    custom_role = models.ForeignKey(CustomRole, models.PROTECT, null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role=Role.CUSTOM, custom_role__isnull=False)
                | (~models.Q(role=Role.CUSTOM) & models.Q(custom_role__isnull=True)),
                name="%(class)s_custom_role_is_named",
            )
        ]

    @property
    def role_name(self) -> str:
        """Return what people call the role."""
        return f"{self.custom_role}" if self.custom_role else self.get_role_display()  # type: ignore[attr-defined]


class Membership(UidModel, RoleHolding):
    """One person's role in one organization; it covers the organizations below."""

    scope_path = "organization"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta(RoleHolding.Meta):
        abstract = False
        constraints = [
            *RoleHolding.Meta.constraints,
            models.UniqueConstraint(fields=["user", "organization"], name="one_role_per_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role_name.lower()} of {self.organization}"

    def get_absolute_url(self) -> str:
        """Return the members of the organization."""
        return reverse("accounts:organization_members", kwargs={"uid": self.organization.uid})


class Invitation(UidModel, RoleHolding):
    """A mailed offer of a role; only the SHA-256 of the link's token is kept.

    Open until it is accepted, declined, withdrawn, or `expires_at` has passed.
    """

    scope_path = "organization"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    accepted_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta(RoleHolding.Meta):
        abstract = False
        ordering = ["-created_at", "-pk"]
        constraints = [
            *RoleHolding.Meta.constraints,
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at=None, declined_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    def get_absolute_url(self) -> str:
        """Return the invitations of the organization."""
        return reverse("accounts:organization_invitations", kwargs={"uid": self.organization.uid})


class UserGroup(UidModel):
    """Some members of an organization, to share objects with all of them at once.

    `group` is the django.contrib.auth group that holds the members and the grants; its own name
    is this row's uid, since those names are unique in the whole installation.
    """

    scope_path = "organization"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="user_groups")
    name = models.CharField(max_length=80)
    group = models.OneToOneField(Group, models.CASCADE, related_name="user_group")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "group"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_group_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the group's page."""
        return reverse("accounts:usergroup", kwargs={"uid": self.uid})
