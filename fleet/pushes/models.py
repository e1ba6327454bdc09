"""Configuration pushes, and how far each came to each device."""

from __future__ import annotations

import json

from django.db import models
from django.db.models import Q
from django.urls import reverse

from core.fields import EncryptedTextField, Sealed
from core.models import UidModel
from core.scoping import ScopedQuerySet
from fleet.pushes.choices import OPEN, Channel, ReceiptState

DOTS = "••••••••"


class ConfigPush(UidModel):
    """Names and values for devices to take over while they run.

    `sealed_values` is a JSON object of all of them, in the order in which they are sent;
    `secret_names` are those that pages do not show.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    names = models.JSONField(default=list)
    secret_names = models.JSONField(default=list)
    sealed_values = EncryptedTextField()
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "configuration push"
        verbose_name_plural = "configuration pushes"
        default_permissions = ("view",)
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return ", ".join(self.names)

    def values(self) -> dict[str, str]:
        """Return names and values, secrets included: for the device, never for a page."""
        text = self.sealed_values
        return json.loads(text.reveal() if isinstance(text, Sealed) else text)

    def shown_values(self) -> dict[str, str]:
        """Return what pages and the API may show: dots for a secret."""
        return {n: DOTS if n in self.secret_names else v for n, v in self.values().items()}


class ConfigReceipt(UidModel):
    """One push on its way to one device.

    Moves only by compare-and-set (fleet.services): queued -> sent -> seen; a newer push replaces
    what is still open. Sent is what left the server, seen that the device called after that.
    """

    scope_path = "device__organization"
    conceals = ("push",)

    push = models.ForeignKey(ConfigPush, models.CASCADE, related_name="receipts")
    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="config_receipts")
    state = models.CharField(
        max_length=12, choices=ReceiptState.choices, default=ReceiptState.QUEUED
    )
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "configuration receipt"
        default_permissions = ("view", "add")
        permissions = [("withdraw_configreceipt", "Can withdraw a configuration push")]
        ordering = ["-queued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["push", "device"], name="config_once_per_device"),
            models.UniqueConstraint(
                fields=["device"], condition=Q(state__in=OPEN), name="config_one_open_per_device"
            ),
        ]
        indexes = [models.Index(fields=["device", "-queued_at", "-id"], name="receipt_by_device")]

    def __str__(self) -> str:
        return f"{self.push} for {self.device}"

    def get_absolute_url(self) -> str:
        """Return the tab of the device that lists it."""
        return reverse("devices:device_configuration", kwargs={"uid": self.device.uid})
