"""SSH key pairs in the formats that git hosts and OpenSSH accept."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from core.exceptions import DomainError
from keys.choices import KeyAlgorithm

MAX_PASTED = 20_000


@dataclass(frozen=True)
class KeyPair:
    """An OpenSSH private key, its one-line public half, and the SHA256 fingerprint."""

    algorithm: str
    private: str
    public: str
    fingerprint: str


def generate_pair(algorithm: str, comment: str) -> KeyPair:
    """Make a new key pair; RSA takes a second or two."""
    if algorithm == KeyAlgorithm.RSA:
        return _pair(generate_private_key(65537, 4096), comment)
    return _pair(Ed25519PrivateKey.generate(), comment)


def read_private_key(text: str) -> KeyPair:
    """Read a pasted private key: OpenSSH or PEM, any line ends; raises DomainError."""
    cleaned = text.replace("\r\n", "\n").strip() + "\n"
    if len(cleaned) > MAX_PASTED:
        raise DomainError("keys.private_key_unreadable", "This is too long for a private key.")
    loader = ser.load_ssh_private_key if "OPENSSH" in cleaned[:64] else ser.load_pem_private_key
    try:
        key = loader(cleaned.encode(), password=None)
    except TypeError:
        raise DomainError(
            "keys.private_key_encrypted",
            "This key has a passphrase. Remove it with `ssh-keygen -p` and paste it again.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise DomainError(
            "keys.private_key_unreadable",
            "This is not a private key in OpenSSH or PEM format. Paste the whole file, "
            "from the BEGIN line to the END line.",
        ) from None
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise DomainError("keys.private_key_kind", "Only Ed25519 and RSA keys can be used here.")
    if isinstance(key, RSAPrivateKey) and key.key_size < 2048:
        raise DomainError("keys.private_key_weak", "This RSA key is shorter than 2048 bits.")
    return _pair(key, "")


def _pair(key: Ed25519PrivateKey | RSAPrivateKey, comment: str) -> KeyPair:
    private = key.private_bytes(
        ser.Encoding.PEM, ser.PrivateFormat.OpenSSH, ser.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(public.split()[1])
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    is_rsa = isinstance(key, RSAPrivateKey)
    safe_comment = "".join(c if c.isalnum() or c in "-_.@" else "-" for c in comment)
    return KeyPair(
        algorithm=KeyAlgorithm.RSA if is_rsa else KeyAlgorithm.ED25519,
        private=private,
        public=f"{public} {safe_comment}".strip(),
        fingerprint=f"SHA256:{digest}",
    )
