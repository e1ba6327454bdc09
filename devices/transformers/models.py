"""Transformers with their versions, and which devices they stand before."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from core.grants import GroupGrant, UserGrant
from core.models import UidModel
from core.scoping import ScopedQuerySet


class StatusTransformer(UidModel):
    """A script that makes text for people of what a device says.

    What it does is in its versions, which never change; `current` is the one that runs.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    alias = models.CharField(max_length=80)
    current = models.ForeignKey(
        "devices.TransformerVersion", models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "transformer"
        ordering = ["alias", "pk"]
        permissions = [("share_statustransformer", "Can share the transformer")]
        indexes = [
            models.Index(fields=["organization", "alias", "id"], name="transformer_by_alias")
        ]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the transformer's page."""
        return reverse("devices:statustransformer", kwargs={"uid": self.uid})


class TransformerVersion(models.Model):
    """One text of a transformer, numbered from 1. Rows are only ever added."""

    scope_path = "transformer__organization"

    transformer = models.ForeignKey(StatusTransformer, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField(max_length=20_000)
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["transformer", "number"], name="transformer_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class DeviceTransformer(models.Model):
    """One transformer in the chain of a device; each is fed what the one before made."""

    scope_path = "device__organization"

    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="chain")
    transformer = models.ForeignKey(StatusTransformer, models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["device", "position"], name="chain_position_once"),
            models.UniqueConstraint(fields=["device", "transformer"], name="chain_member_once"),
        ]

    def __str__(self) -> str:
        return f"place {self.position} of {self.device_id}"


class StatusTransformerUserPermission(UserGrant):
    """A transformer shared with a person."""

    content_object = models.ForeignKey(StatusTransformer, models.CASCADE)


class StatusTransformerGroupPermission(GroupGrant):
    """A transformer shared with a group."""

    content_object = models.ForeignKey(StatusTransformer, models.CASCADE)
