"""Deciding whether firmware may be installed: signature, content, addressee, version."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thinx_agent import ed25519
from thinx_agent.errors import Refused
from thinx_agent.versions import version_key

CHUNK = 1 << 16


@dataclass(frozen=True)
class Manifest:
    """What the console signed about one firmware for one device.

    `notes` (firmware, commit, env_hash) are not signed: they are only reported back.
    """

    raw: bytes
    signature: bytes
    udid: str
    platform: str
    version: str
    sha256: str
    size: int
    notes: Mapping[str, str]
    is_downgrade: bool = False

    @classmethod
    def parse(
        cls, raw: bytes, signature: bytes, public_key: bytes, notes: Mapping[str, str]
    ) -> Manifest:
        """Read a manifest whose signature is right. Raises `Refused`."""
        if not ed25519.verify(public_key, signature, raw):
            raise Refused("the manifest is not signed by the pinned key")
        try:
            content = json.loads(raw)
            texts = {name: str(content[name]) for name in ("udid", "platform", "version", "sha256")}
            size = int(content["size"])
            downgrade = content.get("downgrade") == 1
            return cls(
                raw=raw,
                signature=signature,
                size=size,
                notes=dict(notes),
                is_downgrade=downgrade,
                **texts,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("the manifest cannot be read") from error


def decode(value: str | None, what: str) -> bytes:
    """Return the bytes of a base64 header. Raises `Refused`."""
    try:
        return base64.b64decode(value or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(f"{what} is not base64") from error


def check_addressee(manifest: Manifest, *, udid: str, platform: str) -> None:
    """Refuse firmware that was signed for another device or another platform."""
    if manifest.udid.lower() != udid.lower():
        raise Refused(f"the firmware is for device {manifest.udid}", permanent=True)
    if _family(manifest.platform) != _family(platform):
        raise Refused(f"the firmware is for platform {manifest.platform}", permanent=True)


def check_version(manifest: Manifest, installed: Manifest | None, rejected: list[str]) -> None:
    """Refuse what already runs, what failed before, and what is older than what runs.

    Older firmware is taken when the manifest, which is signed for this device, says that it is
    meant to be.
    """
    if manifest.sha256 in rejected:
        raise Refused(f"version {manifest.version} did not come up before", permanent=True)
    if installed is None:
        return
    if manifest.sha256 == installed.sha256:
        raise Refused(f"version {manifest.version} is installed already")
    if not manifest.is_downgrade and version_key(manifest.version) < version_key(installed.version):
        raise Refused(f"version {manifest.version} is older than {installed.version}")


def check_content(path: Path, manifest: Manifest, md5: str) -> None:
    """Refuse a file that is not, byte for byte, what was signed."""
    if path.stat().st_size != manifest.size:
        raise Refused(f"the firmware has {path.stat().st_size} bytes instead of {manifest.size}")
    if not same(digest(path, "md5"), md5):
        raise Refused("the firmware does not match its MD5")
    if not same(digest(path, "sha256"), manifest.sha256):
        raise Refused("the firmware does not match its SHA-256")


def digest(path: Path, algorithm: str) -> str:
    """Return the digest of a file in hexadecimal."""
    try:
        total = hashlib.new(algorithm, usedforsecurity=False)
    except TypeError:  # some builds of OpenSSL take no keyword
        total = hashlib.new(algorithm)
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            total.update(chunk)
    return total.hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two digests."""
    return hmac.compare_digest(one.lower().encode(), other.strip().lower().encode())


def _family(platform: str) -> str:
    return platform.partition(":")[0].strip().lower()
