"""Passkeys, in a file of their own: their library takes 6 MB, and not each process needs it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_otp_webauthn.models import AbstractWebAuthnAttestation, AbstractWebAuthnCredential

from core.models import UidModel


class Passkey(UidModel, AbstractWebAuthnCredential):  # type: ignore[django-manager-missing]
    """A WebAuthn credential: a security key, a phone, or the computer itself."""

    kind: ClassVar[str] = "passkey"

    class Meta(AbstractWebAuthnCredential.Meta):
        abstract = False


class PasskeyAttestation(AbstractWebAuthnAttestation):
    """What the authenticator said of itself when its passkey was made."""

    credential = models.OneToOneField(Passkey, models.CASCADE, related_name="attestation")
