"""People, organizations and who holds which role where."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from treebeard.mp_tree import MP_Node

from accounts.choices import Role
from accounts.querysets import OrganizationManager
from core.models import UidModel
from core.scoping import ScopedQuerySet


def new_owner_id() -> str:
    """Return a THiNX owner id: 64 lower-case hex characters, random."""
    return secrets.token_hex(32)


class User(UidModel, AbstractUser):
    """A person who signs in by e-mail address or user name."""

    email = models.EmailField("e-mail address", unique=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Organization(UidModel, MP_Node):
    """What everything belongs to. Each user has a personal one; others form trees.

    `owner_id` is the THiNX owner id that devices send and MQTT topics start with.
    """

    scope_path = "pk"

    name = models.CharField(max_length=120)
    owner_id = models.CharField(max_length=64, unique=True, default=new_owner_id, editable=False)
    is_personal = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(default=True)
    requires_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    node_order_by: list[str] = []
    objects = OrganizationManager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the organization's page."""
        return reverse("accounts:organization", kwargs={"uid": self.uid})


class Membership(UidModel):
    """One person's role in one organization; it covers the organizations below."""

    scope_path = "organization"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_role_per_member")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display().lower()} of {self.organization}"
