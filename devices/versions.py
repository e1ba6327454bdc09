"""The version rule of the device protocol: what is newer than what a device runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

DEVICE_VERSION_UNKNOWN = "0.0.1"
DEVELOPER_ENV_HASH = "cafebabe"

_SEMVER = re.compile(
    r"(?P<core>[0-9]{1,18}\.[0-9]{1,18}\.[0-9]{1,18})(?:-(?P<pre>[0-9A-Za-z.\-]+))?(?:\+[0-9A-Za-z.\-]+)?"
)
_LEADING_DIGITS = re.compile(r"[0-9]{1,18}")
_MAX_LENGTH = 128


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; a pre-release sorts before its release."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{self.pre}" if self.pre else core

    def __lt__(self, other: object) -> bool:
        return self._key() < other._key() if isinstance(other, Version) else NotImplemented

    def _key(self) -> tuple:
        return (self.major, self.minor, self.patch, not self.pre, _pre_key(self.pre))


def collapse_version(text: str) -> Version:
    """Return ``repo:tag`` (or a bare tag) as three numbers; parts after the third are added up."""
    return _collapse(_tag(text))


def device_version(text: str | None) -> Version:
    """Return what a device reports as three numbers; missing is 0.0.1, short ones are padded."""
    tag = _tag(text or "") or DEVICE_VERSION_UNKNOWN
    missing = 2 - tag.count(".")
    if missing > 0 and not _SEMVER.fullmatch(tag):
        tag += ".0" * missing
    return _collapse(tag)


def same_version(one: str | None, other: str | None) -> bool:
    """Return whether two texts name the same tag, with or without the repository before it."""
    return bool(one and other) and _tag(one or "") == _tag(other or "")


def update_available(
    device_version_text: str | None,
    device_env_hash: str | None,
    build_version: str | None,
    build_env_hash: str | None,
) -> bool:
    """Return whether a build is newer than what a device reports.

    At equal versions only a changed environment counts, and only for a device that knows its own:
    ``cafebabe…`` is the value of a firmware flashed by its developer.
    """
    if not build_version:
        return False
    if _tag(build_version) == _tag(device_version_text or ""):
        return _environment_changed(device_env_hash, build_env_hash)
    have, offered = device_version(device_version_text), collapse_version(build_version)
    if have == offered:
        return _environment_changed(device_env_hash, build_env_hash)
    return have < offered


def _collapse(tag: str) -> Version:
    kept = _SEMVER.fullmatch(tag)
    if kept:
        major, minor, patch = map(int, kept["core"].split("."))
        return Version(major, minor, patch, kept["pre"] or "")
    parts = [_number(part) for part in tag.split(".")]
    if len(parts) < 3:
        parts = [0] * (3 - len(parts)) + parts
    return Version(parts[0], parts[1], sum(parts[2:]))


def _environment_changed(device_env_hash: str | None, build_env_hash: str | None) -> bool:
    if not build_env_hash or not knows_environment(device_env_hash):
        return False
    return build_env_hash not in (device_env_hash or "")


def knows_environment(device_env_hash: str | None) -> bool:
    """Tell whether a device says which environment it runs."""
    return bool(device_env_hash) and not f"{device_env_hash}".startswith(DEVELOPER_ENV_HASH)


def _tag(text: str) -> str:
    """Return the tag of ``repo:tag:date``: the text after the first colon, before the next."""
    text = text[:_MAX_LENGTH].strip()
    if ":" in text:
        text = text.split(":")[1].strip()
    return re.sub(r"^[vV](?=[0-9])", "", text)


def _number(part: str) -> int:
    digits = _LEADING_DIGITS.match(part)
    return int(digits[0]) if digits else 0


def _pre_key(pre: str) -> tuple:
    return tuple(
        (0, int(item[:18]), "") if item.isdecimal() and item.isascii() else (1, 0, item)
        for item in pre.split(".")
    )
