"""The installation's signing key, made when the first artifact needs it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction

from audit.actors import SystemActor
from audit.recorder import record
from builds.engine import signing
from builds.events import SigningKeyCreated
from builds.models import SigningKey


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
