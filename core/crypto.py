"""The master key: AES-GCM for secrets at rest, and keys derived from it for other uses.

A sealed value reads `<key id>:<base64 of nonce and ciphertext>`. The row it belongs to is the
associated data, so a ciphertext copied to another row does not open.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class MasterKeyError(Exception):
    """The master key is missing, unreadable, or does not open what it is asked to open."""


@dataclass(frozen=True)
class Keyring:
    """The master keys of this installation; `current` seals, all of them open."""

    current: str
    keys: dict[str, bytes]

    def seal(self, plaintext: str, *, row: str) -> str:
        """Encrypt a text for one row of one table and column."""
        nonce = os.urandom(12)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, plaintext.encode(), row.encode())
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, row: str) -> str:
        """Decrypt; raises MasterKeyError when the key, the row or the text is not the one."""
        key_id, _, body = sealed.partition(":")
        try:
            raw = base64.b64decode(body, validate=True)
            return AESGCM(self.keys[key_id]).decrypt(raw[:12], raw[12:], row.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise MasterKeyError(f"the secret of {row} does not open with this key") from error

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """Return key material for another purpose; the same purpose gives the same bytes."""
        material = HKDF(hashes.SHA256(), length, salt=None, info=purpose.encode())
        return material.derive(self.keys[self.current])


def load_keyring(path: Path) -> Keyring:
    """Read the key file; raises MasterKeyError with what to do about it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        keys = {key_id: base64.b64decode(value) for key_id, value in data["keys"].items()}
        if data["current"] not in keys or any(len(key) != 32 for key in keys.values()):
            raise ValueError("no usable current key")
    except FileNotFoundError:
        raise MasterKeyError(
            f"The master key {path} is missing. Put the file back from your backup, or set "
            "THINX_MASTER_KEY_FILE to where it is: without it no stored secret can be read."
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise MasterKeyError(f"The master key {path} cannot be read: {error}") from error
    return Keyring(data["current"], keys)


def create_keyring(path: Path) -> Keyring:
    """Write a new key file, mode 0600; raises FileExistsError rather than replace one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key_id = secrets.token_hex(4)
    content = {"current": key_id, "keys": {key_id: base64.b64encode(os.urandom(32)).decode()}}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    return load_keyring(path)


@lru_cache(maxsize=4)
def keyring_at(path: Path) -> Keyring:
    """Return the keyring of this file, read once per process."""
    return load_keyring(path)


def derived_secret_key(path: Path) -> str:
    """Return the key that signs sessions, derived from the master key.

    Before the first start there is no master key; commands that need no secrets then run with a
    random one.
    """
    if not path.exists():
        return secrets.token_urlsafe(48)
    return base64.urlsafe_b64encode(keyring_at(path).derive("django-secret-key", 48)).decode()
