"""Making bounded, printable values out of what devices send."""

from __future__ import annotations

import json
import math
import re
import uuid

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_UDID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OWNER = re.compile(r"[a-z0-9]{64,128}")
_CREDENTIAL = re.compile(r"[0-9a-f]{64}")
# What has 64 characters is for APNs and must be hex; all else is for FCM.
_PUSH = re.compile(r"[0-9a-fA-F]{64}|(?!.{64}\Z)[A-Za-z0-9_:-]{1,255}", re.DOTALL)
_TRUE = {"true", "1", "yes", "on"}


def text(value: object, limit: int) -> str | None:
    """Return a value as one printable line of at most `limit` characters; None when absent."""
    if value is None:
        return None
    if type(value) is str and value.isascii() and value.isprintable():  # as nearly all are
        return value[: limit * 4].strip()[:limit]
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, dict | list):
        value = _compact(value)
    return _UNPRINTABLE.sub(" ", str(value)[: limit * 4]).strip()[:limit]


def _compact(value: dict | list) -> str:
    try:
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:  # it could just be read, and needs one level more to be written
        return ""


def number(value: object, low: float, high: float) -> float | None:
    """Return a finite number inside its range, from a number or its text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(str(value)[:64])
    except ValueError:
        return None
    return result if math.isfinite(result) and low <= result <= high else None


def decibels(said: str | None) -> str | None:
    """Return a signal as devices of all libraries say it, in dBm: some write the unit, too."""
    return said[:-3].rstrip() if said and said[-3:].lower() == "dbm" else said


def flag(value: object) -> bool:
    """Return whether a device meant yes: true, 1, "true", "yes"."""
    return value is True or str(value)[:8].strip().lower() in _TRUE


def udid(value: object) -> uuid.UUID | None:
    """Return the device id, or None for the many ways of not having one ("0", "", stale junk)."""
    if not isinstance(value, str) or not _UDID.fullmatch(value.strip()):
        return None
    result = uuid.UUID(value.strip())
    return result if result.int else None


def owner(value: object) -> str | None:
    """Return the owner id, or None when it cannot be one."""
    return value if isinstance(value, str) and _OWNER.fullmatch(value) else None


def credential(value: str | None) -> str | None:
    """Return the key of an `Authentication` header, or None when it cannot be a key or its hash."""
    if not value:
        return None
    bare = value.strip(" \t\"'").lower()
    return bare if _CREDENTIAL.fullmatch(bare) else None


def push_token(value: object) -> str | None:
    """Return the push token of a device (APNs or FCM), or None when it cannot be one."""
    return value if isinstance(value, str) and _PUSH.fullmatch(value) else None
