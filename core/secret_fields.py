"""The register of secret fields: what each is, and how it lies in the database.

`core.E003` holds every model against it, ours and those of libraries: a field that sounds like a
secret is registered, or says here why it is none. docs/secrets.md explains the ways of protection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from core.fields import EncryptedTextField


class Protection(StrEnum):
    """How a secret lies in the database."""

    SEALED = "sealed"  # AES-GCM under the master key, bound to its row and column
    DIGEST = "digest"  # SHA-256 or HMAC of what is shown once or sent once
    PASSWORD = "password hash"  # noqa: S105  salted: Argon2, PBKDF2 of a random key
    EMPTY = "never written"  # a table of a library that this console has no use for
    PUBLIC = "not a secret"
    CLEAR = "in the clear"  # a library keeps it so; the reason says what limits the damage


@dataclass(frozen=True)
class SecretField:
    """One line of the register."""

    protection: Protection
    what: str

    @property
    def is_secret(self) -> bool:
        """Tell whether pages, logs and audit rows must mask it."""
        return self.protection != Protection.PUBLIC


def _sealed(what: str) -> SecretField:
    return SecretField(Protection.SEALED, what)


def _digest(what: str) -> SecretField:
    return SecretField(Protection.DIGEST, what)


def _clear(what: str) -> SecretField:
    return SecretField(Protection.CLEAR, what)


def _empty(what: str) -> SecretField:
    return SecretField(Protection.EMPTY, what)


def _public(what: str) -> SecretField:
    return SecretField(Protection.PUBLIC, what)


REGISTER: dict[str, SecretField] = {
    "accounts.TotpDevice.secret": _sealed("the seed of an authenticator app"),
    "builds.Source.access_token": _sealed("opens a private repository over HTTPS"),
    "builds.SigningKey.private_key": _sealed("signs firmware"),
    "fleet.ConfigPush.sealed_values": _sealed("values that devices take over while they run"),
    "fleet.ConfigVariant.sealed_values": _sealed("values that devices are given back"),
    "keys.ApiKey.sealed_key": _sealed("the firmware key of a device, built into its firmware"),
    "keys.DeployKey.private_key": _sealed("opens private repositories over SSH"),
    "keys.EnvVar.value": _sealed("a variable for firmware; plain ones are sealed like secret ones"),
    "notifications.NotificationRule.destination": _sealed(
        "where a rule sends news; the URL of a chat service is its password"
    ),
    "notifications.NotificationRule.secret": _sealed("signs the calls of a webhook"),
    "messaging.Publication.payload": _sealed("a message to a device, until it is sent"),
    "accounts.Invitation.digest": _digest("the link of an invitation, sent once"),
    "accounts.RecoveryCode.digest": _digest("a recovery code, shown once"),
    "accounts.RememberedBrowser.digest": _digest("the cookie of a remembered browser"),
    "accounts.SmsDevice.digest": _digest("the code sent last by SMS, good for minutes"),
    "builds.OneTimeToken.digest": _digest("a device's right to fetch one artifact"),
    "keys.ApiKey.digest": _digest("an API key, 256 random bits, shown once"),
    "accounts.User.password": SecretField(Protection.PASSWORD, "the password of a person"),
    "keys.ApiKey.mqtt_digest": SecretField(
        Protection.PASSWORD, "an API key, as Mosquitto's password file has it (PBKDF2-SHA512)"
    ),
    "accounts.SignIn.session_key": _clear("which session a sign-in is; ends with it"),
    "sessions.Session.session_key": _clear("a browser's session; ends when it is signed out"),
    "devices.DeviceState.push_token": _clear(
        "a device's address at a push service; sends nothing without the sender's own key"
    ),
    "accounts.Passkey.credential_id": _public("names a passkey to its authenticator"),
    "accounts.Passkey.credential_id_sha256": _public("finds a passkey by its name"),
    "accounts.Passkey.credential_type": _public("always the same word"),
    "accounts.Passkey.public_key": _public("the public half; the private one never leaves the key"),
    "audit.AuditEvent.credential": _public("what the actor came with, by its name or prefix"),
    "fleet.BulkJob.credential": _public("what the person came with, by its name or prefix"),
    "fleet.BulkJobItem.error_code": _public("which error, of docs/errors.md"),
    "builds.Artifact.signing_key_id": _public("names the key that signed"),
    "builds.Build.error_code": _public("which error, of docs/errors.md"),
    "builds.SigningKey.key_id": _public("names the key to devices"),
    "builds.SigningKey.public_key": _public("is written into firmware"),
    "builds.Source.check_code": _public("how the last test of access ended, of docs/errors.md"),
    "devices.DeviceState.last_key_prefix": _public("the first 8 of 64 characters of a key"),
    "devices.FormerOwner.key_prefix": _public("the first 8 of 64 characters of a key"),
    "gateway.MqttClient.key_id": _public("which API key a client came with, by its number"),
    "fleet.ConfigPush.secret_names": _public("names of variables, not their values"),
    "fleet.ConfigVariant.secret_names": _public("names of variables, not their values"),
    "fleet.Transfer.key_mode": _public("whether API keys go along, not which"),
    "fleet.TransferItem.code": _public("why a device did not move, of docs/errors.md"),
    "fleet.TransferProof.digest": _public("the hash of a document that both sides may show"),
    "fleet.TransferProof.signing_key_id": _public("names the key that signed"),
    "keys.DeployKey.public_key": _public("is given to the git host"),
    "account.EmailConfirmation.key": _empty("confirmations are signed links"),
    "socialaccount.SocialApp.key": _empty("providers are settings, not rows"),
    "socialaccount.SocialApp.secret": _empty("providers are settings, not rows"),
    "socialaccount.SocialToken.token": _empty("SOCIALACCOUNT_STORE_TOKENS is off"),
    "socialaccount.SocialToken.token_secret": _empty("SOCIALACCOUNT_STORE_TOKENS is off"),
    "django_otp_webauthn.WebAuthnCredential.credential_id": _public("unused table of the library"),
    "django_otp_webauthn.WebAuthnCredential.credential_id_sha256": _public("unused, as above"),
    "django_otp_webauthn.WebAuthnCredential.credential_type": _public("unused, as above"),
    "django_otp_webauthn.WebAuthnCredential.public_key": _public("unused, as above"),
}
_WORDS = re.compile(
    r"(^|_)(keys?|secrets?|tokens?|passwords?|passwd|passphrase|seed|pin|codes?|otp|digest|salt"
    r"|nonce|private|credentials?|cookie|cert|certificate|data_key)(_|$)"
    r"|secret|token|passw|private|credential"
)
# Kinds of fields that cannot hold a secret: a relation holds an id, a flag says yes or no.
_HARMLESS = (models.BooleanField, models.DateField, models.TimeField, models.DurationField)


def sounds_secret(name: str) -> bool:
    """Tell whether a field of this name must be in the register."""
    return bool(_WORDS.search(name))


def concrete_fields() -> Iterator[tuple[str, models.Field]]:
    """Yield (app.Model.field, field) of everything that lies in this database."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_concrete_fields:
            yield f"{model._meta.label}.{field.name}", field


def suspects() -> Iterator[tuple[str, models.Field]]:
    """Yield the fields that sound like secrets and could hold one, and every sealed field."""
    for label, field in concrete_fields():
        if isinstance(field, EncryptedTextField):
            yield label, field
        elif field.is_relation or isinstance(field, _HARMLESS):
            continue
        elif sounds_secret(field.name):
            yield label, field


def sealed_fields() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Return every column that the master key protects, in the order of the tables."""
    return [
        (field.model, field)
        for _, field in concrete_fields()
        if isinstance(field, EncryptedTextField)
    ]


def is_secret(model: type[models.Model], name: str) -> bool:
    """Tell whether a field must be masked; one that sounds secret and is unknown is."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return sounds_secret(name)
    if isinstance(field, EncryptedTextField):
        return True
    known = REGISTER.get(f"{field.model._meta.label}.{field.name}")
    if known is not None:
        return known.is_secret
    return not field.is_relation and not isinstance(field, _HARMLESS) and sounds_secret(name)
