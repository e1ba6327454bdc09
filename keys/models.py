"""API keys, deploy keys and environment variables."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core.fields import EncryptedTextField, Sealed
from core.grants import GroupGrant, UserGrant
from core.models import UidModel
from core.scoping import ScopedQuerySet
from keys.choices import ApiKeyKind, KeyAlgorithm

VARIABLE_NAME = RegexValidator(
    r"^[A-Za-z_][A-Za-z0-9_]{0,63}\Z",
    "A name starts with a letter or _ and holds only letters, digits and _ (at most 64).",
)


class ApiKey(UidModel):
    """A key that devices and scripts present. Only its SHA-256 is kept, and the first 8 characters.

    A key with a `device` is that device's firmware key: made by the first build, written into
    each firmware of this device, and therefore also kept sealed. An automation key acts as its
    `user` inside its organization and never beyond either.
    """

    scope_path = "organization"
    conceals = ("device",)

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    alias = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=ApiKeyKind.choices, default=ApiKeyKind.DEVICE)
    user = models.ForeignKey("accounts.User", models.SET_NULL, null=True, editable=False)
    device = models.OneToOneField(
        "devices.Device",
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="firmware_key",
    )
    prefix = models.CharField(max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # What Mosquitto checks a password by; keys of before are given it when they are next presented.
    mqtt_digest = models.CharField(max_length=160, blank=True, editable=False)
    sealed_key = EncryptedTextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_address = models.CharField(max_length=64, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["alias", "pk"]
        permissions = [("share_apikey", "Can share the API key")]
        indexes = [models.Index(fields=["organization", "alias", "id"], name="apikey_by_alias")]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the key's page."""
        return reverse("keys:apikey", kwargs={"uid": self.uid})

    @property
    def is_revoked(self) -> bool:
        """Tell whether the key was revoked for good."""
        return self.revoked_at is not None

    @property
    def state(self) -> str:
        """Return active, expired or revoked."""
        if self.is_revoked:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if is_over else "active"


class ApiKeyAddress(models.Model):
    """An address that a key was used from, so that a new one shows in the audit log."""

    scope_path = "key__organization"

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=64)
    first_used_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-first_used_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["key", "address"], name="key_address_once")]

    def __str__(self) -> str:
        return self.address


class DeployKey(UidModel):
    """An SSH key pair that opens private repositories. The private half is sealed."""

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    alias = models.CharField(max_length=80)
    algorithm = models.CharField(
        max_length=16, choices=KeyAlgorithm.choices, default=KeyAlgorithm.ED25519
    )
    public_key = models.TextField(editable=False)
    fingerprint = models.CharField(max_length=80, editable=False)
    private_key = EncryptedTextField(editable=False)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["alias", "pk"]
        permissions = [("share_deploykey", "Can share the deploy key")]
        indexes = [models.Index(fields=["organization", "alias", "id"], name="deploykey_by_alias")]

    def __str__(self) -> str:
        return self.alias

    def get_absolute_url(self) -> str:
        """Return the key's page."""
        return reverse("keys:deploykey", kwargs={"uid": self.uid})


class EnvVar(UidModel):
    """One variable for firmware, at the level of the organization, a source, a mesh or a device.

    The nearest level wins: device over mesh over source over organization; where two meshes of a
    device say the same name, the one whose mesh id comes first. Both kinds are sealed; a
    secret is never shown again. Who changed what is in the audit log.
    """

    scope_path = "organization"
    conceals = ("source", "mesh", "device")

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    source = models.ForeignKey(
        "builds.Source", models.CASCADE, null=True, blank=True, related_name="env_vars"
    )
    mesh = models.ForeignKey(
        "devices.Mesh", models.CASCADE, null=True, blank=True, related_name="env_vars"
    )
    device = models.ForeignKey(
        "devices.Device", models.CASCADE, null=True, blank=True, related_name="env_vars"
    )
    name = models.CharField(max_length=64, validators=[VARIABLE_NAME])
    value = EncryptedTextField(blank=True)
    is_secret = models.BooleanField("secret", default=False)
    updated_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "environment variable"
        ordering = ["name", "pk"]
        permissions = [("share_envvar", "Can share the environment variable")]
        constraints = [
            models.CheckConstraint(
                condition=Q(source=None, mesh=None)
                | Q(source=None, device=None)
                | Q(mesh=None, device=None),
                name="envvar_has_one_level",
            ),
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=Q(source=None, mesh=None, device=None),
                name="envvar_once_per_organization",
            ),
            models.UniqueConstraint(
                fields=["source", "name"],
                condition=Q(source__isnull=False),
                name="envvar_once_per_source",
            ),
            models.UniqueConstraint(
                fields=["mesh", "name"],
                condition=Q(mesh__isnull=False),
                name="envvar_once_per_mesh",
            ),
            models.UniqueConstraint(
                fields=["device", "name"],
                condition=Q(device__isnull=False),
                name="envvar_once_per_device",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the variable's page."""
        return reverse("keys:envvar", kwargs={"uid": self.uid})

    @property
    def level(self) -> str:
        """Return "device", "mesh", "source" or "organization"."""
        if self.device_id:
            return "device"
        if self.mesh_id:
            return "mesh"
        return "source" if self.source_id else "organization"

    @property
    def shown_value(self) -> str:
        """Return the value as pages and exports may show it: dots for a secret."""
        if self.is_secret:
            return "••••••••" if self.value else ""
        return self.value.reveal() if isinstance(self.value, Sealed) else f"{self.value}"


class ApiKeyUserPermission(UserGrant):
    """An API key shared with a person."""

    content_object = models.ForeignKey(ApiKey, models.CASCADE)


class ApiKeyGroupPermission(GroupGrant):
    """An API key shared with a group."""

    content_object = models.ForeignKey(ApiKey, models.CASCADE)


class DeployKeyUserPermission(UserGrant):
    """A deploy key shared with a person."""

    content_object = models.ForeignKey(DeployKey, models.CASCADE)


class DeployKeyGroupPermission(GroupGrant):
    """A deploy key shared with a group."""

    content_object = models.ForeignKey(DeployKey, models.CASCADE)


class EnvVarUserPermission(UserGrant):
    """A variable shared with a person."""

    content_object = models.ForeignKey(EnvVar, models.CASCADE)


class EnvVarGroupPermission(GroupGrant):
    """A variable shared with a group."""

    content_object = models.ForeignKey(EnvVar, models.CASCADE)
