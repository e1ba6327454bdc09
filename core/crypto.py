"""The master key: AES-GCM for secrets at rest, and keys derived from it for other uses.

A sealed value reads `<key id>:<base64 of nonce and ciphertext>`. The row it belongs to is the
associated data, so a ciphertext copied to another row does not open.

The key file is JSON: `keys` by their id, which one is `current`, when each was `made`, a `next` one
that waits to become current, and the `root` that other keys are derived from, which stays when the
sealing key changes: sessions and signed links outlive a rotation. `rotate_master_key` replaces the
file in one step; running processes notice.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

logger = logging.getLogger(__name__)


class MasterKeyError(Exception):
    """The master key is missing, unreadable, or does not open what it is asked to open."""


@dataclass(frozen=True)
class Keyring:
    """The master keys of this installation; `current` seals, all of them open."""

    current: str
    keys: dict[str, bytes] = field(repr=False)
    root: bytes = field(repr=False)
    next: str = ""
    made: dict[str, float] = field(default_factory=dict)

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
        return material.derive(self.root)

    def with_next(self) -> Keyring:
        """Return the keyring with a key that waits: it opens already and seals nothing yet."""
        if self.next:
            return self
        key_id = secrets.token_hex(4)
        keys = {**self.keys, key_id: os.urandom(32)}
        return replace(self, keys=keys, next=key_id, made={**self.made, key_id: time.time()})

    def rotated(self) -> Keyring:
        """Return the keyring with its waiting key, or a new one, as the current key."""
        ring = self.with_next()
        return replace(ring, current=ring.next, next="")

    def without(self, retired: set[str]) -> Keyring:
        """Return the keyring without these keys; the current one stays."""
        gone = retired - {self.current}
        keys = {key_id: key for key_id, key in self.keys.items() if key_id not in gone}
        made = {key_id: at for key_id, at in self.made.items() if key_id in keys}
        return replace(self, keys=keys, made=made, next=self.next if self.next in keys else "")


def load_keyring(path: Path) -> Keyring:
    """Read the key file; raises MasterKeyError with what to do about it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        keys = {key_id: base64.b64decode(value) for key_id, value in data["keys"].items()}
        if data["current"] not in keys or any(len(key) != 32 for key in keys.values()):
            raise ValueError("no usable current key")
        # A file of before there was rotation has one key for everything.
        root = base64.b64decode(data["root"]) if "root" in data else keys[data["current"]]
        made = {f"{key_id}": float(at) for key_id, at in data.get("made", {}).items()}
        return Keyring(data["current"], keys, root, f"{data.get('next', '')}", made)
    except FileNotFoundError:
        raise MasterKeyError(
            f"The master key {path} is missing. Put the file back from your backup, or set "
            "THINX_MASTER_KEY_FILE to where it is: without it no stored secret can be read."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MasterKeyError(f"The master key {path} cannot be read: {error}") from error


def create_keyring(path: Path) -> Keyring:
    """Write a new key file, mode 0600; raises FileExistsError rather than replace one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key_id = secrets.token_hex(4)
    ring = Keyring(
        key_id, {key_id: os.urandom(32)}, root=os.urandom(32), made={key_id: time.time()}
    )
    _write(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), ring)
    _sync(path.parent)
    return load_keyring(path)


def replace_keyring(path: Path, ring: Keyring) -> None:
    """Put another keyring in the place of the one in the file, in one step and durably.

    Whoever reads meanwhile gets the old file or the new one, never a part.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), ring)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MasterKeyError(f"The master key {path} cannot be replaced: {error}") from error
    _sync(path.parent)


@contextlib.contextmanager
def keyring_locked(path: Path) -> Iterator[Keyring]:
    """Hold the key file for one change and hand out what it holds; others wait."""
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield load_keyring(path)
    finally:
        os.close(handle)


_loaded: dict[Path, tuple[tuple[int, ...], Keyring]] = {}


def keyring_at(path: Path) -> Keyring:
    """Return the keyring of this file, read again when the file was replaced.

    A file that went away under a running process leaves it the keys that it has.
    """
    known = _loaded.get(path)
    try:
        found = path.stat()
        stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        if known is not None and known[0] == stamp:
            return known[1]
        ring = load_keyring(path)
    except (OSError, MasterKeyError) as error:
        if known is not None:
            logger.error("the master key cannot be read again, going on with it: %s", error)
            return known[1]
        return load_keyring(path)
    _loaded[path] = stamp, ring
    return ring


def derived_secret_key(path: Path) -> str:
    """Return the key that signs sessions, derived from the master key.

    Before the first start there is no master key; commands that need no secrets then run with a
    random one.
    """
    if not path.exists():
        return secrets.token_urlsafe(48)
    return base64.urlsafe_b64encode(keyring_at(path).derive("django-secret-key", 48)).decode()


def _write(handle: int, ring: Keyring) -> None:
    content: dict[str, Any] = {
        "current": ring.current,
        "keys": {key_id: _text(key) for key_id, key in ring.keys.items()},
        "root": _text(ring.root),
        "made": ring.made,
    }
    if ring.next:
        content["next"] = ring.next
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
