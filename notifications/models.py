"""What happened, the inbox, the rules of organizations, and each message on its way."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from core.fields import EncryptedTextField
from core.models import UidModel
from core.scoping import ScopedQuerySet
from notifications.choices import OPEN, DeliveryState, Digest, Level
from notifications.querysets import OwnQuerySet
from notifications.waiting import LONGEST, SHORTEST, after_at, with_earlier


class Occurrence(models.Model):
    """One thing that happened and that somebody may want to hear of.

    Written in the transaction of what happened, so neither is there without the other; a worker
    makes messages of it (`services/spreading.py`). Those of one `fold` are told together. `people`
    are the ids of the only persons concerned, empty for everybody who may see the target. `once`
    is the name of what must be told a single time. `after` are the seconds of waiting of those who
    are to hear of it (`waiting.py`), empty for all.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    kind = models.CharField(max_length=40)
    fold = models.CharField(max_length=120)
    target_model = models.CharField(max_length=60, blank=True)
    target_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    meshes = models.JSONField(default=list)
    people = models.JSONField(default=list)
    after = models.JSONField(default=list)
    once = models.CharField(max_length=160, unique=True, null=True)  # noqa: DJ001  (unique)
    happened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    spread_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(spread_at__isnull=True), name="occurrence_due"
            ),
            models.Index(fields=["fold", "spread_at"], name="occurrence_by_fold"),
            models.Index(fields=["happened_at"], name="occurrence_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Message(models.Model):
    """What a message says. `count` is of how many things; `items` names the first of them."""

    kind = models.CharField(max_length=40)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    title = models.CharField(max_length=240)
    text = models.TextField(max_length=2000, blank=True)
    url = models.CharField(max_length=300, blank=True)
    count = models.PositiveIntegerField(default=1)
    items = models.JSONField(default=list)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Notification(UidModel, Message):
    """One line of a person's inbox."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="notifications")
    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "change")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_by_user"),
            models.Index(
                fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"
            ),
            models.Index(fields=["created_at"], name="notification_by_time"),
        ]

    def get_absolute_url(self) -> str:
        """Return the address that marks it read and leads to what it is about."""
        return reverse("notifications:notification", kwargs={"uid": self.uid})


class Waiting(models.Model):
    """A receiver who says how long a device must be away until they hear of it.

    `offline_after` is seconds from when it counts as offline, empty for THINX_OFFLINE_NOTICE;
    `offline_before` is what held until when (`waiting.py`).
    """

    offline_after = models.PositiveIntegerField(
        "offline for longer than",
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
    )
    offline_before = models.JSONField(default=list, editable=False)

    class Meta:
        abstract = True

    def waits_at(self, began: datetime) -> int:
        """Return the seconds that hold for an absence that began then; 0 for the usual ones."""
        return after_at(self.offline_after, self.offline_before, began)

    def wait_choose(self, seconds: int | None, now: datetime) -> None:
        """Take another time for what begins from now on; does not save."""
        if seconds != self.offline_after:
            self.offline_before = with_earlier(self.offline_before, self.offline_after, now)
            self.offline_after = seconds


class NotificationTimes(Waiting):
    """When one person may be sent mail and SMS, in their own time zone.

    From `quiet_from` until `quiet_until` (which may be after midnight) nothing is sent; it goes
    together when the quiet ends. With `urgent_passes`, urgent kinds do not wait.
    """

    user = models.OneToOneField(
        "accounts.User", models.CASCADE, primary_key=True, related_name="notification_times"
    )
    quiet_from = models.TimeField("quiet from", null=True, blank=True)
    quiet_until = models.TimeField("until", null=True, blank=True)
    urgent_passes = models.BooleanField("Urgent news come all the same", default=True)
    mail_pace = models.CharField("mail", max_length=8, choices=Digest.choices, blank=True)
    mail_at = models.TimeField("once a day at", null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_has_both_ends",
            )
        ]

    def __str__(self) -> str:
        return f"times of {self.user_id}"


class NotificationRule(UidModel, Waiting):
    """An organization has kinds of news sent somewhere; it holds for everything below, too.

    `destination` is an address, a number or a URL, which may itself be a secret; `shown_as` is
    what pages say of it. `secret` signs the calls of a webhook. A rule without `kinds` sends all.
    Nothing is sent before `confirmed_at`: set at once for what needs no confirmation.
    """

    scope_path = "organization"
    conceals = ("mesh",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    name = models.CharField(max_length=80)
    channel = models.CharField(max_length=16)
    destination = EncryptedTextField()
    shown_as = models.CharField(max_length=200, editable=False)
    secret = EncryptedTextField(blank=True)
    kinds = models.JSONField(default=list, blank=True)
    least_level = models.CharField(
        "at least", max_length=8, choices=Level.choices, default=Level.OK
    )
    mesh = models.ForeignKey(
        "devices.Mesh", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    tag = models.CharField(max_length=40, blank=True)
    is_on = models.BooleanField("switched on", default=True)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "notification rule"
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["organization", "name", "id"], name="rule_by_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the rule's page."""
        return reverse("notifications:notificationrule", kwargs={"uid": self.uid})

    @property
    def state(self) -> str:
        """Return off, unconfirmed, failing, or on."""
        if not self.is_on:
            return "off"
        if self.confirmed_at is None:
            return "unconfirmed"
        return "failing" if self.last_error else "on"


class NotificationDelivery(UidModel, Message):
    """One message on its way over one channel: to a person, or by a rule.

    Moves only by compare-and-set (`services/delivering.py`). `due_at` is when it may be sent next,
    and while it is `sending` until when the worker has it. `together` waits for others of the same
    person and goes with them. `target_ids` are asked about again before it goes to a person.
    """

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    rule = models.ForeignKey(NotificationRule, models.CASCADE, null=True, related_name="deliveries")
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    channel = models.CharField(max_length=16)
    target_model = models.CharField(max_length=60, blank=True)
    target_ids = models.JSONField(default=list)
    together = models.BooleanField(default=False)
    state = models.CharField(
        max_length=8, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "notification delivery"
        verbose_name_plural = "notification deliveries"
        default_permissions = ("view",)
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rule=None, user__isnull=False) | Q(rule__isnull=False, user=None),
                name="delivery_to_one_receiver",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=OPEN), name="delivery_due"),
            models.Index(fields=["rule", "-created_at", "-id"], name="delivery_by_rule"),
            models.Index(
                fields=["user", "channel"],
                condition=Q(state=DeliveryState.QUEUED, together=True),
                name="delivery_together",
            ),
            models.Index(fields=["created_at"], name="delivery_by_time"),
        ]
