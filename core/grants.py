"""Abstract tables of what is shared: django-guardian's direct rows, with an end and an author.

A shareable model `Device` has `DeviceUserPermission(UserGrant)` and
`DeviceGroupPermission(GroupGrant)`, each with a foreign key `content_object`. They are read by
`accounts.actor.Actor` and written by `accounts.services.sharing`, nowhere else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
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


class GrantTables(NamedTuple):
    """The two tables of what is shared of one model."""

    user: type[models.Model]
    group: type[models.Model]


def grant_tables(model: type[models.Model]) -> GrantTables | None:
    """Return the tables of a model, or None when its objects cannot be shared."""
    label, name = model._meta.app_label, model._meta.object_name
    try:
        return GrantTables(
            apps.get_model(label, f"{name}UserPermission"),
            apps.get_model(label, f"{name}GroupPermission"),
        )
    except LookupError:
        return None


@lru_cache(maxsize=1)
def shareable_models() -> tuple[type[models.Model], ...]:
    """Return every model whose objects can be shared, as the apps declare them."""
    return tuple(model for model in apps.get_models() if grant_tables(model) is not None)


def standing() -> models.Q:
    """Return the condition of grants that hold now."""
    return models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())


def counting(table: type[models.Model]) -> models.QuerySet[Any]:
    """Return the grants of a table that hold now, in organizations that are active.

    A group of an organization that is not active gives its members nothing either.
    """
    shared: Any = table._meta.get_field("content_object").related_model
    active = {f"content_object__{shared.scope_path}__is_active": True}
    rows = table._default_manager.filter(standing(), **active)
    if issubclass(table, GroupGrant):
        idle = models.Q(group__user_group__organization__is_active=False)
        rows = rows.exclude(idle)
    return rows


def grants_to(user: models.Model, model: type[models.Model]) -> list[models.QuerySet[Any]]:
    """Return the grants on objects of a model that count for a person, own and by groups."""
    tables = grant_tables(model)
    if tables is None:
        return []
    return [
        counting(tables.user).filter(user=user),
        counting(tables.group).filter(group__user=user),
    ]
