"""The last messages of each device, its questions, and what waits to be published."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from core.fields import EncryptedTextField
from core.models import UidModel
from core.scoping import ScopedQuerySet
from messaging.choices import Direction, PublicationState, QuestionState


class DeviceMessage(models.Model):
    """One message on a topic of a device, the payload as it came up to a limit.

    `suffix` is what follows the device's own topic; `size` is that of the whole payload. Rows live
    for a day and are few for each device.
    """

    scope_path = "device__organization"

    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="messages")
    at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    suffix = models.CharField(max_length=120, blank=True)
    payload = models.BinaryField()
    size = models.PositiveIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["device", "-id"], name="message_by_device"),
            models.Index(fields=["at"], name="message_by_time"),
        ]

    def __str__(self) -> str:
        return f"message of {self.device_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class DeviceQuestion(UidModel):
    """A question that a device asks people (an actionable notification); one open at a time."""

    scope_path = "device__organization"

    device = models.ForeignKey("devices.Device", models.CASCADE, related_name="questions")
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(max_length=1000)
    wants_bool = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=QuestionState.choices, default=QuestionState.OPEN
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=400, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "question"
        default_permissions = ("view",)
        permissions = [("answer_devicequestion", "Can answer the question")]
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["device"],
                condition=models.Q(state=QuestionState.OPEN),
                name="one_open_question_per_device",
            )
        ]
        indexes = [models.Index(fields=["state", "-asked_at"], name="question_by_state")]

    def __str__(self) -> str:
        return self.title or self.body[:80]

    def get_absolute_url(self) -> str:
        """Return the page of the device's messages, where the question stands on top."""
        return reverse("devices:device_messages", kwargs={"uid": self.device.uid})

    @property
    def organization(self) -> models.Model:
        """Return the organization of the device."""
        return self.device.organization


class Publication(UidModel):
    """A message that waits for the bridge to publish it, once at most.

    The payload is sealed, and gone once it is sent; `shown` is the same without what is secret.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    device = models.ForeignKey("devices.Device", models.CASCADE, null=True, related_name="+")
    topic = models.CharField(max_length=255)
    payload = EncryptedTextField(blank=True)
    shown = models.TextField(blank=True)
    state = models.CharField(
        max_length=8, choices=PublicationState.choices, default=PublicationState.QUEUED
    )
    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state=PublicationState.QUEUED),
                name="publication_queued",
            ),
            models.Index(fields=["queued_at"], name="publication_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.topic}, {self.state}"
