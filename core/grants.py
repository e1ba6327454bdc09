"""Abstract tables of what is shared: django-guardian's direct rows, with an end and an author.

A shareable model `Device` has `DeviceUserPermission(UserGrant)` and
`DeviceGroupPermission(GroupGrant)`, each with a foreign key `content_object`. They are read by
`accounts.actor.Actor` and written by `accounts.services.sharing`, nowhere else.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class GrantFields(models.Model):
    """Until when a grant holds (empty: until it is withdrawn), and who gave it."""

    expires_at = models.DateTimeField(null=True, blank=True)
    granted_at = models.DateTimeField(default=timezone.now)
    granted_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        abstract = True


class UserGrant(GrantFields, UserObjectPermissionBase):
    """One action on one object, granted to one person."""

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True
        default_permissions = ()


class GroupGrant(GrantFields, GroupObjectPermissionBase):
    """One action on one object, granted to a group."""

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True
        default_permissions = ()


def standing() -> models.Q:
    """Return the condition of grants that hold now."""
    return models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
