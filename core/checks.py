"""System checks that keep the access mechanism whole."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from core.fields import EncryptedTextField
from core.grants import GrantFields
from core.scoping import ScopedQuerySet
from core.secret_fields import REGISTER, Protection, concrete_fields, suspects

OUR_APPS = {
    "audit",
    "accounts",
    "notifications",
    "keys",
    "messaging",
    "devices",
    "builds",
    "telemetry",
    "fleet",
}

# Tables without an organization, each with the reason why.
OWN = "a person's own, read and written only through the account pages of that person"
SIDES = "of two organizations; each reads it through its own TransferParty only"
UNSCOPED_MODELS = {
    "accounts.User": "a person belongs to many organizations; pages show only one's own account",
    "accounts.NotificationChoice": OWN,
    "accounts.Consent": OWN,
    "accounts.ListPreference": OWN,
    "accounts.SignIn": OWN,
    "accounts.TotpDevice": OWN,
    "accounts.SmsDevice": OWN,
    "accounts.RecoveryCodes": OWN,
    "accounts.RecoveryCode": OWN,
    "accounts.Passkey": OWN,
    "accounts.PasskeyAttestation": OWN,
    "accounts.RememberedBrowser": OWN,
    "notifications.Notification": OWN,
    "notifications.NotificationTimes": OWN,
    "audit.AuditHead": "the end of a hash chain, read by the recorder and the verifier only",
    "fleet.Transfer": SIDES,
    "fleet.TransferItem": SIDES,
    "fleet.TransferProof": SIDES,
    "builds.SigningKey": "one per installation; its public half is public",
}


@register
def every_model_is_scoped(**_: Any) -> list[CheckMessage]:
    """Each of our models has a scope path and a scoped manager, or a reason not to."""
    errors: list[CheckMessage] = []
    for model in apps.get_models():
        if model._meta.app_label not in OUR_APPS or model._meta.label in UNSCOPED_MODELS:
            continue
        if issubclass(model, GrantFields):  # read by the Actor only
            continue
        queryset = model._default_manager.all()
        if not hasattr(model, "scope_path") or not isinstance(queryset, ScopedQuerySet):
            errors.append(
                Error(
                    f"{model._meta.label} can be read past the access rule",
                    hint="Give it scope_path and a ScopedQuerySet manager, or list it in "
                    "core.checks.UNSCOPED_MODELS with the reason.",
                    id="core.E002",
                )
            )
    return errors


@register
def every_shareable_model_has_direct_grants(**_: Any) -> list[CheckMessage]:
    """A model with a `share` permission has direct user and group grant tables.

    Guardian would otherwise fall back to its generic tables, which the rule does not read.
    """
    errors: list[CheckMessage] = []
    for model in apps.get_models():
        if not any(name.startswith("share_") for name, _ in model._meta.permissions):
            continue
        names = {related.related_model._meta.object_name for related in model._meta.related_objects}
        for suffix in ("UserPermission", "GroupPermission"):
            if f"{model._meta.object_name}{suffix}" not in names:
                errors.append(
                    Error(
                        f"{model._meta.label} has no {model._meta.object_name}{suffix}",
                        id="core.E001",
                    )
                )
    return errors


@register
def every_secret_is_registered(**_: Any) -> list[CheckMessage]:
    """Each field that sounds like a secret, ours or a library's, is in the register as it is.

    A line for a field that is not there, or that claims another protection, is as wrong.
    """
    fields = dict(concrete_fields())
    installed = {label.rsplit(".", 1)[0] for label in fields}
    errors: list[CheckMessage] = [
        Error(
            f"{label} sounds like a secret and is not in the register",
            hint="Add it to core.secret_fields.REGISTER: what it is and how it is protected, or "
            "why it is no secret.",
            id="core.E003",
        )
        for label, _field in suspects()
        if label not in REGISTER
    ]
    for label, line in REGISTER.items():
        field = fields.get(label)
        if field is None and label.rsplit(".", 1)[0] not in installed:
            continue  # the app of that line is not part of this process
        is_sealed = isinstance(field, EncryptedTextField)
        if field is None or is_sealed != (line.protection == Protection.SEALED):
            errors.append(
                Error(f"{label} is not {line.protection}, as the register says", id="core.E004")
            )
    return errors
