"""All writes to API keys, deploy keys and environment variables."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.changes import changed, snapshot
from audit.recorder import record
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from keys import events
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from keys.pasted import PastedVariable
from keys.ssh import generate_pair, read_private_key


def key_digest(secret: str) -> str:
    """Return what is stored of an API key: the SHA-256 of its text, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def mosquitto_digest(secret: str) -> str:
    """Return a password as Mosquitto's password file has it: PBKDF2-HMAC-SHA512, 101 rounds."""
    salt = secrets.token_bytes(12)
    made = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, 101, 64)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


@transaction.atomic
def api_key_create(
    actor: Any,
    *,
    organization: Any,
    alias: str,
    kind: str = ApiKeyKind.DEVICE,
    expires_at: datetime | None = None,
    device: Any = None,
) -> tuple[ApiKey, str]:
    """Make a random key; return the row and the key, which is shown this once. Audits."""
    secret = secrets.token_hex(32)
    key = ApiKey(
        organization=organization,
        alias=alias,
        kind=kind,
        user=actor.user,
        device=device,
        prefix=secret[:8],
        digest=key_digest(secret),
        mqtt_digest=mosquitto_digest(secret),
        sealed_key=secret if device is not None else "",
        expires_at=expires_at,
    )
    key.full_clean(exclude=["sealed_key"])
    key.save()
    record(
        actor, events.ApiKeyCreated, key, organization=organization, kind=kind, prefix=key.prefix
    )
    return key, secret


@transaction.atomic
def api_key_update(actor: Any, *, key: ApiKey, alias: str, expires_at: datetime | None) -> ApiKey:
    """Rename a key or change when it ends. Audits."""
    before = snapshot(ApiKey.objects.get(pk=key.pk), ["alias", "expires_at"])
    key.alias, key.expires_at = alias, expires_at
    key.full_clean(exclude=["sealed_key"])
    key.save(update_fields=["alias", "expires_at"])
    if changes := changed(key, before):
        record(actor, events.ApiKeyChanged, key, organization=key.organization, changes=changes)
    return key


@transaction.atomic
def api_key_revoke(actor: Any, *, key: ApiKey) -> ApiKey:
    """End a key for good; doing it twice changes nothing. Audits, tells live connections."""
    now = timezone.now()
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now, device=None):
        key.revoked_at, key.device = now, None
        record(actor, events.ApiKeyRevoked, key, organization=key.organization, prefix=key.prefix)
        changed_on_commit(key, f"org.{key.organization.uid}")
    return key


@transaction.atomic
def firmware_key_for(actor: Any, *, device: Any) -> str:
    """Return the API key that firmware of this device carries, making it the first time.

    Raises Conflict (keys.text_not_known) for a key that came with the device from another owner
    and was not presented since: only its digest is known.
    """
    existing: Any = ApiKey.objects.filter(device=device, revoked_at=None).first()
    if existing is not None and not existing.sealed_key:
        raise Conflict(
            "keys.text_not_known",
            f"The key of {device.alias} is not known until it calls once. Wait for its next "
            "check-in, or revoke the key to have a new one made.",
        )
    if existing is not None:
        return existing.sealed_key.reveal()
    _, secret = api_key_create(
        actor,
        organization=device.organization,
        alias=f"Firmware of {device.alias}"[:80],
        device=device,
    )
    return secret


@transaction.atomic
def deploy_key_create(
    actor: Any, *, organization: Any, alias: str, algorithm: str, private_key: str = ""
) -> DeployKey:
    """Generate a key pair, or take a pasted private key. Audits.

    Raises DomainError with the code keys.private_key_* when a pasted key is unusable.
    """
    pair = read_private_key(private_key) if private_key else generate_pair(algorithm, alias)
    key = DeployKey(
        organization=organization,
        alias=alias,
        algorithm=pair.algorithm,
        public_key=pair.public,
        fingerprint=pair.fingerprint,
        private_key=pair.private,
        created_by=actor.user,
    )
    key.full_clean(exclude=["private_key"])
    key.save()
    record(
        actor,
        events.DeployKeyCreated,
        key,
        organization=organization,
        fingerprint=pair.fingerprint,
    )
    return key


@transaction.atomic
def deploy_key_rename(actor: Any, *, key: DeployKey, alias: str) -> DeployKey:
    """Change what people call the key. Audits."""
    before = snapshot(DeployKey.objects.get(pk=key.pk), ["alias"])
    key.alias = alias
    key.full_clean(exclude=["private_key"])
    key.save(update_fields=["alias"])
    if changes := changed(key, before):
        record(actor, events.DeployKeyChanged, key, organization=key.organization, changes=changes)
    return key


@transaction.atomic
def deploy_key_delete(actor: Any, *, key: DeployKey) -> None:
    """Delete a key; sources that use it lose access until they get another. Audits."""
    record(
        actor,
        events.DeployKeyDeleted,
        key,
        organization=key.organization,
        fingerprint=key.fingerprint,
    )
    key.delete()


@transaction.atomic
def env_var_create(
    actor: Any,
    *,
    organization: Any,
    name: str,
    value: str,
    is_secret: bool = False,
    source: Any = None,
    mesh: Any = None,
    device: Any = None,
) -> EnvVar:
    """Set a variable that its level does not have yet. Audits.

    Raises Conflict (keys.variable_exists) instead of replacing a value.
    """
    level = {"organization": organization, "source": source, "mesh": mesh, "device": device}
    if EnvVar.objects.filter(name=name, **level).exists():
        raise Conflict(
            "keys.variable_exists",
            f"{name} is set at this level already. Open it to change its value.",
            fields={"name": [f"{name} is set at this level already. Open it to change its value."]},
        )
    return env_var_set(actor, name=name, value=value, is_secret=is_secret, **level)


@transaction.atomic
def env_var_set(
    actor: Any,
    *,
    organization: Any,
    name: str,
    value: str,
    is_secret: bool = False,
    source: Any = None,
    mesh: Any = None,
    device: Any = None,
) -> EnvVar:
    """Create a variable at one level, or give it another value. Audits without the value."""
    _refuse_foreign_level(organization, source, mesh, device)
    level = {"organization": organization, "source": source, "mesh": mesh, "device": device}
    existing = EnvVar.objects.filter(name=name, **level).first()
    variable = existing or EnvVar(name=name, **level)
    if existing is not None and existing.is_secret and not is_secret:
        raise DomainError(
            "keys.secret_stays_secret",
            f"{name} is secret and stays so. Delete it first to make a plain variable.",
        )
    before = snapshot(variable, ["value", "is_secret"])
    variable.value, variable.is_secret, variable.updated_by = value, is_secret, actor.user
    variable.full_clean(exclude=["value"])
    variable.save()
    record(
        actor,
        events.EnvVarSet,
        variable,
        organization=organization,
        level=variable.level,
        created=existing is None,
        hidden=is_secret,
        **({"changes": changed(variable, before)} if existing is not None else {}),
    )
    return variable


@transaction.atomic
def env_var_delete(actor: Any, *, variable: EnvVar) -> None:
    """Delete a variable; firmware built from now on lacks it. Audits."""
    record(
        actor,
        events.EnvVarDeleted,
        variable,
        organization=variable.organization,
        level=variable.level,
    )
    variable.delete()


@transaction.atomic
def env_vars_import(
    actor: Any,
    *,
    organization: Any,
    variables: list[PastedVariable],
    is_secret: bool = False,
    source: Any = None,
    mesh: Any = None,
    device: Any = None,
) -> list[EnvVar]:
    """Set many variables at one level, all of them or none; secret ones stay secret. Audits."""
    secret_names = set(
        EnvVar.objects.filter(
            organization=organization, source=source, mesh=mesh, device=device, is_secret=True
        ).values_list("name", flat=True)
    )
    return [
        env_var_set(
            actor,
            organization=organization,
            name=variable.name,
            value=variable.value,
            is_secret=is_secret or variable.name in secret_names,
            source=source,
            mesh=mesh,
            device=device,
        )
        for variable in variables
    ]


def _refuse_foreign_level(organization: Any, *owners: Any) -> None:
    for owner in owners:
        if owner is not None and owner.organization_id != organization.pk:
            raise DomainError(
                "keys.foreign_level", "A variable lives in the organization of its owner."
            )
