"""People, what they agreed to, and where they are signed in."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower

from core.models import UidModel


class User(UidModel, AbstractUser):  # type: ignore[django-manager-missing]
    """A person who signs in by e-mail address or user name.

    `phone` is E.164. `second_factor_at` is when the first second factor was confirmed, empty
    while there is none: kept by the services that add and remove factors, so that no request
    has to look into the tables of factors to know whether one is wanted. `erasing_since` is when
    they deleted their account, which a task and its sweeper then finish.
    """

    email = models.EmailField("e-mail address", unique=True)
    phone = models.CharField(max_length=16, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=10, default="en")
    avatar = models.CharField(max_length=200, blank=True, editable=False)
    second_factor_at = models.DateTimeField(null=True, blank=True, editable=False)
    erasing_since = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def avatar_version(self) -> str:
        """Return what changes with the picture, so that browsers may keep it for long."""
        return PurePosixPath(self.avatar).stem


class NotificationChoice(UidModel):
    """Whether a person wants to hear of one topic over one channel."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notification_choices")
    topic = models.CharField(max_length=40)
    channel = models.CharField(max_length=16)
    is_on = models.BooleanField(default=False)
    decided_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "topic", "channel"], name="one_choice_per_topic_and_channel"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} by {self.channel}: {'on' if self.is_on else 'off'}"


class Consent(UidModel):
    """A person's agreement to one purpose, as worded then; withdrawing keeps the record."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=40)
    wording = models.CharField(max_length=500)
    given_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=models.Q(withdrawn_at=None),
                name="one_standing_consent_per_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} since {self.given_at:%Y-%m-%d}"


class SignIn(UidModel):
    """One open browser session: where from, with what, and when it was used last.

    It ends with the session of `session_key`; `last_used_at` is written at most once a minute.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    method = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_used_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"
