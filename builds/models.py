"""Sources, builds, their logs, artifacts and one-time tokens."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from builds.choices import FINAL, BuildStatus
from builds.deltas import models as deltas  # noqa: F401  (Django finds them here)
from core.fields import EncryptedTextField
from core.grants import GroupGrant, UserGrant
from core.models import UidModel
from core.scoping import ScopedQuerySet


class Source(UidModel):
    """A git repository and branch that firmware is built from.

    `known_hosts` is the pinned host key in OpenSSH's known_hosts format, written by the first
    successful *Test access*. `builds_started` numbers the builds and thereby their versions.
    """

    scope_path = "organization"
    conceals = ("deploy_key",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    alias = models.CharField(max_length=80)
    url = models.CharField("repository URL", max_length=500)
    branch = models.CharField(max_length=200, default="main")
    deploy_key = models.ForeignKey(
        "keys.DeployKey", models.SET_NULL, null=True, blank=True, related_name="sources"
    )
    access_token = EncryptedTextField(blank=True)
    platform = models.CharField(max_length=40, blank=True, editable=False)
    known_hosts = models.TextField(blank=True, editable=False)
    host_fingerprint = models.CharField(max_length=120, blank=True, editable=False)
    last_commit = models.CharField(max_length=64, blank=True, editable=False)
    refs = models.JSONField(default=dict, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    check_code = models.CharField(max_length=64, blank=True, editable=False)
    check_message = models.CharField(max_length=500, blank=True, editable=False)
    builds_started = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["alias", "pk"]
        permissions = [
            ("build_source", "Can build from the source"),
            ("share_source", "Can share the source"),
        ]
        indexes = [models.Index(fields=["organization", "alias", "id"], name="source_by_alias")]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the source's page."""
        return reverse("builds:source", kwargs={"uid": self.uid})


class Build(UidModel):
    """One attempt to make firmware for one device from one commit.

    Status moves only by compare-and-set (builds.services.build); `revision` counts the moves.
    `is_held` was made for a rollout, which alone offers it.
    `stages` holds `{stage: {"started": iso, "seconds": float}}`. `error_code` and
    `error_message` say why it failed (the user's fault) or errored (ours).
    """

    scope_path = "organization"
    conceals = ("device", "source")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    source = models.ForeignKey(Source, models.CASCADE, related_name="builds")
    device = models.ForeignKey("devices.Device", models.CASCADE, null=True, related_name="builds")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=16, choices=BuildStatus.choices, default=BuildStatus.QUEUED
    )
    revision = models.PositiveIntegerField(default=0)
    deliver = models.BooleanField(default=True)
    is_held = models.BooleanField(default=False)
    platform = models.CharField(max_length=40, blank=True)
    branch = models.CharField(max_length=200, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    commit_message = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=80, blank=True)
    firmware = models.CharField(max_length=200, blank=True)
    env_hash = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=1000, blank=True)
    stages = models.JSONField(default=dict)
    worker = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    log_size = models.PositiveIntegerField(default=0)
    log_lines = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("cancel_build", "Can cancel the build"),
            ("share_build", "Can share the build"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="build_number_per_source")
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="build_by_org"),
            models.Index(fields=["device", "status", "-id"], name="build_by_device"),
            models.Index(fields=["status", "heartbeat_at"], name="build_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.source} #{self.number}"

    def get_absolute_url(self) -> str:
        """Return the build's page."""
        return reverse("builds:build", kwargs={"uid": self.uid})

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.status in FINAL


class BuildLogLine(models.Model):
    """One line of a build's log, redacted before it is stored. `seq` starts at 1, no gaps."""

    scope_path = "build__organization"

    build = models.ForeignKey(Build, models.CASCADE, related_name="lines")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    stream = models.CharField(max_length=8)
    text = models.TextField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["build", "seq"], name="log_line_once")]

    def __str__(self) -> str:
        return self.text


class Artifact(UidModel):
    """One file that a build made. `signature` is Ed25519 over the canonical manifest, base64."""

    scope_path = "organization"
    conceals = ("build", "build__device")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    build = models.ForeignKey(Build, models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=200)
    is_firmware = models.BooleanField(default=False)
    file = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    md5 = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    signing_key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "delete")
        permissions = [("share_artifact", "Can share the artifact")]
        ordering = ["-is_firmware", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["build", "name"], name="artifact_name_per_build")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return where the artifact downloads from."""
        return reverse("builds:artifact_download", kwargs={"uid": self.uid})


class OneTimeToken(models.Model):
    """A device's right to fetch one artifact; only the SHA-256 of the token is kept.

    Good for a day; from the first download on for one hour, so that a retry works.
    """

    scope_path = "device__organization"

    digest = models.CharField(max_length=64, unique=True)
    device = models.ForeignKey("devices.Device", models.CASCADE)
    artifact = models.ForeignKey(Artifact, models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"token of {self.device_id}"


class SigningKey(models.Model):
    """The key that signs artifacts: one current per installation, older ones kept to verify."""

    key_id = models.CharField(max_length=16, unique=True)
    uid = models.UUIDField(unique=True, editable=False)
    public_key = models.CharField(max_length=64)
    private_key = EncryptedTextField()
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="one_current_signing_key",
            )
        ]

    def __str__(self) -> str:
        return self.key_id


class SourceUserPermission(UserGrant):
    """A source shared with a person."""

    content_object = models.ForeignKey(Source, models.CASCADE)


class SourceGroupPermission(GroupGrant):
    """A source shared with a group."""

    content_object = models.ForeignKey(Source, models.CASCADE)


class BuildUserPermission(UserGrant):
    """A build shared with a person."""

    content_object = models.ForeignKey(Build, models.CASCADE)


class BuildGroupPermission(GroupGrant):
    """A build shared with a group."""

    content_object = models.ForeignKey(Build, models.CASCADE)


class ArtifactUserPermission(UserGrant):
    """An artifact shared with a person."""

    content_object = models.ForeignKey(Artifact, models.CASCADE)


class ArtifactGroupPermission(GroupGrant):
    """An artifact shared with a group."""

    content_object = models.ForeignKey(Artifact, models.CASCADE)
