"""The installation's signing key, made when the first artifact needs it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from audit.actors import SystemActor
from audit.recorder import record
from builds.engine import signing
from builds.events import SigningKeyCreated
from builds.models import Artifact, SigningKey
from builds.offers import manifest_of
from devices.models import Device


def current_signing_key() -> SigningKey:
    """Return the key that signs now; two workers that make the first one agree on one."""
    found = SigningKey.objects.filter(is_current=True).first()
    if found is not None:
        return found
    pair = signing.generate()
    try:
        with transaction.atomic():
            key = SigningKey.objects.create(
                key_id=pair.key_id,
                uid=uuid.uuid4(),
                public_key=pair.public_key,
                private_key=pair.private_key,
            )
            actor = SystemActor("builds.signing")
            record(actor, SigningKeyCreated, key, organization=None, key_id=key.key_id)
            return key
    except IntegrityError:
        return SigningKey.objects.get(is_current=True)


@dataclass(frozen=True)
class SignedManifest:
    """The text, its signature in base64, and the id of the key that made it."""

    text: bytes
    signature: str
    key_id: str


def manifest_for(artifact: Artifact, device: Device, *, is_downgrade: bool) -> SignedManifest:
    """Return the manifest of an artifact for a device, signed.

    Firmware that was built for the device was signed then; what was built for none is signed for
    each device as it goes there, and so is a downgrade.
    """
    manifest = manifest_of(artifact, device, is_downgrade=is_downgrade)
    text = signing.canonical(manifest)
    if artifact.build.device_id == device.pk and not is_downgrade:
        return SignedManifest(text, artifact.signature, artifact.signing_key_id)
    key = current_signing_key()
    return SignedManifest(text, sign_manifest(key, manifest), key.key_id)


def sign_manifest(key: SigningKey, manifest: signing.Manifest) -> str:
    """Return the base64 Ed25519 signature of a manifest."""
    sealed: Any = key.private_key
    return signing.sign(sealed.reveal(), manifest)


def sign_document(document: str) -> tuple[str, str]:
    """Sign a text that is canonical already; return the base64 signature and the key's id."""
    key = current_signing_key()
    sealed: Any = key.private_key
    return signing.sign_bytes(sealed.reveal(), document.encode()), key.key_id


def is_signed_here(document: str, signature: str, key_id: str) -> bool:
    """Tell whether a key of this installation, current or older, has signed this very text."""
    key = SigningKey.objects.filter(key_id=key_id).first()
    return key is not None and signing.verify_bytes(key.public_key, document.encode(), signature)
