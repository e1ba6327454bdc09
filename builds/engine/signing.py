"""Ed25519 over a canonical manifest: which bytes, for which device, from which build."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Manifest = Mapping[str, str | int]


@dataclass(frozen=True)
class SigningPair:
    """A key pair in base64 of the raw 32 bytes, named by the start of its public half's hash."""

    key_id: str
    public_key: str
    private_key: str = field(repr=False)


def make_manifest(
    *, sha256: str, size: int, version: str, platform: str, udid: str, build: str
) -> dict[str, str | int]:
    """Return what is signed for one artifact."""
    return {
        "build": build,
        "platform": platform,
        "sha256": sha256,
        "size": size,
        "udid": udid,
        "version": version,
    }


def canonical(manifest: Manifest) -> bytes:
    """Return the one way to write a manifest: sorted, compact, ASCII JSON."""
    text = json.dumps(dict(manifest), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode()


def generate() -> SigningPair:
    """Make a new key pair."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    return SigningPair(
        key_id=hashlib.sha256(public).hexdigest()[:16],
        public_key=base64.b64encode(public).decode(),
        private_key=base64.b64encode(key.private_bytes_raw()).decode(),
    )


def sign(private_key: str, manifest: Manifest) -> str:
    """Return the signature of a manifest in base64."""
    return sign_bytes(private_key, canonical(manifest))


def sign_bytes(private_key: str, text: bytes) -> str:
    """Return the signature of a text in base64."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    return base64.b64encode(key.sign(text)).decode()


def verify(public_key: str, manifest: Manifest, signature: str) -> bool:
    """Say whether the signature is of this manifest by this key."""
    return verify_bytes(public_key, canonical(manifest), signature)


def verify_bytes(public_key: str, text: bytes, signature: str) -> bool:
    """Say whether the signature is of this text by this key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
