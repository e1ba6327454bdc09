"""Configuration pushes, and how far each came to each device."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from core.fields import EncryptedTextField, Sealed
from core.models import UidModel
from core.scoping import ScopedQuerySet
from fleet.pushes.choices import OPEN, Channel, Proof, PushState, ReceiptState

DOTS = "••••••••"


class Values(models.Model):
    """Names and values for a device to take over while it runs.

    `sealed_values` is a JSON object of all of them, in the order in which they are sent;
    `secret_names` are those that pages do not show.
    """

    names = models.JSONField(default=list)
    secret_names = models.JSONField(default=list)
    sealed_values = EncryptedTextField()

    class Meta:
        abstract = True

    def values(self) -> dict[str, str]:
        """Return names and values, secrets included: for the device, never for a page."""
        text = self.sealed_values
        return json.loads(text.reveal() if isinstance(text, Sealed) else text)

    def shown_values(self) -> dict[str, str]:
        """Return what pages and the API may show: dots for a secret."""
        return {n: DOTS if n in self.secret_names else v for n, v in self.values().items()}


class ConfigPush(UidModel, Values):
    """A change set: values, and the devices to have them.

    draft -> (review -> approved ->) applied -> reverted, or discarded; it moves only by
    compare-and-set (drafting, applying). `selection` is what was chosen in the list of devices
    (a Selection); which devices that are is settled when it is applied, and then the receipts say
    it. One that `reverts` another has no values of its own: each device gets back what it had.
    `version` grows with each change of the draft, so that nobody approves what they did not see.
    """

    scope_path = "organization"
    conceals = ("reverts",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=PushState.choices, default=PushState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    selection = models.JSONField(default=dict)
    reverts = models.ForeignKey("self", models.SET_NULL, null=True, related_name="reverted_by")
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    written_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    submitted_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    reviewed_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    applied_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    # Receipts by state as last counted; right for good once it is settled: nothing is open.
    counts = models.JSONField(default=dict)
    is_settled = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "configuration push"
        verbose_name_plural = "configuration pushes"
        default_permissions = ("view", "add", "change")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="push_by_org"),
            models.Index(
                fields=["expires_at"],
                condition=Q(is_settled=False, applied_at__isnull=False),
                name="push_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the push's page."""
        return reverse("fleet:configpush", kwargs={"uid": self.uid})

    @property
    def second_line(self) -> str:
        """Return the names, for lists, unless the title is no other."""
        names = ", ".join(self.names)
        return "" if names == self.title else names

    @property
    def authors(self) -> set[int]:
        """Return whose work it is; none of them approves it."""
        return {pk for pk in (self.created_by_id, self.written_by_id, self.submitted_by_id) if pk}


class ConfigVariant(UidModel, Values):
    """Values of a push for some of its devices only: what a revert gives back."""

    scope_path = "push__organization"
    conceals = ("push",)

    push = models.ForeignKey(ConfigPush, models.CASCADE, related_name="variants")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "configuration variant"
        default_permissions = ("view",)
        ordering = ["pk"]

    def __str__(self) -> str:
        return ", ".join(self.names)


class ConfigReceipt(UidModel):
    """One push on its way to one device.

    Moves only by compare-and-set (fleet.pushes.services, fleet.pushes.moving), as
    choices.ALLOWED_FROM says; a newer push replaces what is still open. While queued, `channel`
    is the way it waits for; once sent, the way it went. `words` are the device's own when it
    could not take it.
    """

    scope_path = "device__organization"
    conceals = ("push",)

    push = models.ForeignKey(ConfigPush, models.CASCADE, related_name="receipts", db_index=False)
    variant = models.ForeignKey(ConfigVariant, models.CASCADE, null=True, related_name="+")
    device = models.ForeignKey(
        "devices.Device", models.CASCADE, related_name="config_receipts", db_index=False
    )
    state = models.CharField(
        max_length=12, choices=ReceiptState.choices, default=ReceiptState.QUEUED
    )
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    proof = models.CharField(max_length=8, choices=Proof.choices, blank=True)
    words = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "configuration receipt"
        default_permissions = ("view",)
        ordering = ["-queued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["push", "device"], name="config_once_per_device"),
            models.UniqueConstraint(
                fields=["device"], condition=Q(state__in=OPEN), name="config_one_open_per_device"
            ),
        ]
        indexes = [
            models.Index(fields=["device", "-queued_at", "-id"], name="receipt_by_device"),
            models.Index(fields=["push", "state", "id"], name="receipt_by_push_state"),
            models.Index(
                fields=["channel", "id"], condition=Q(state="queued"), name="receipt_waiting"
            ),
            models.Index(
                fields=["sent_at"], condition=Q(state="sent"), name="receipt_unacknowledged"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.push} for {self.device}"

    def get_absolute_url(self) -> str:
        """Return the tab of the device that lists it."""
        return reverse("devices:device_configuration", kwargs={"uid": self.device.uid})

    @property
    def carried(self) -> Any:
        """Return what holds the values for this device."""
        return self.variant or self.push
