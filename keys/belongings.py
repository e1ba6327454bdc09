"""Keys and variables of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts.belongings import SECRET, Belongings, belongings
from accounts.models import Organization, User
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import api_key_revoke


@belongings.register
class ApiKeys(Belongings):
    """Those of the organization; and, when the person goes, their own keys anywhere else."""

    slug = "api-keys"
    one = "API key"
    many = "API keys"
    order = 30
    model = ApiKey
    fields: ClassVar = (
        "uid", "alias", "kind", "device", "prefix", "created_at", "expires_at", "revoked_at",
        "last_used_at", "last_used_address",
    )  # fmt: skip
    related = ("device",)

    def stop(self, actor: Any, user: User, organization: Organization) -> None:
        """Revoke the keys that act as the person elsewhere; keys of devices there stay.

        Those of the organization open nothing any more once it is inactive.
        """
        acting = ApiKey.objects.filter(user=user, kind=ApiKeyKind.AUTOMATION, revoked_at=None)
        for key in acting.exclude(organization=organization).select_related("organization"):
            api_key_revoke(actor, key=key)


@belongings.register
class DeployKeys(Belongings):
    """SSH key pairs; the private half is never exported."""

    slug = "deploy-keys"
    one = "deploy key"
    many = "deploy keys"
    order = 40
    model = DeployKey
    fields: ClassVar = (
        "uid", "alias", "algorithm", "public_key", "fingerprint", "private_key", "created_at",
        "last_used_at",
    )  # fmt: skip


@belongings.register
class Variables(Belongings):
    """Environment variables; plain values are exported."""

    slug = "environment"
    one = "environment variable"
    many = "environment variables"
    order = 50
    model = EnvVar
    fields: ClassVar = (
        "uid", "name", "source", "mesh", "device", "is_secret", "updated_at",
    )  # fmt: skip
    related = ("source", "mesh", "device")

    def exported(self, row: Any) -> dict[str, Any]:
        """Add the value, unless it is secret."""
        value = SECRET if row.is_secret else row.shown_value
        return {**super().exported(row), "value": value}
