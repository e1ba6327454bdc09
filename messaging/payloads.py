"""Payloads: composed as devices read them, decoded for people, masked for the record."""

from __future__ import annotations

import json
import re
from typing import Any

from core.secret_fields import sounds_secret

MASK = "••••••••"
_BRACE = "\ue07d"  # private use: stands for a closing brace until the text is composed
_MORE_SECRETS = re.compile(r"pass|psk|ssid|pin$", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?i)([\"']?[\w.-]*(?:pass|secret|token|psk|api_?key)[\w.-]*[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,}]+)"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def device_json(content: dict[str, Any]) -> str:
    """Return compact JSON that ends at its own last brace.

    The C++ libraries cut a message at the first ``}}``, so a closing brace inside a value is
    written as ``\\u007d``.
    """
    text = json.dumps(_escaped(content), separators=(",", ":"), ensure_ascii=False)
    return text.replace(_BRACE, "\\u007d")


def masked(payload: str) -> str:
    """Return a payload without the values that may be secret: by their names, and all of a
    configuration's."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return _SECRET_TEXT.sub(rf"\1{MASK}", payload)
    if not isinstance(content, dict | list):
        return payload
    return json.dumps(_masked(content), separators=(",", ":"), ensure_ascii=False)


def decoded(payload: bytes) -> tuple[str, str]:
    """Return (kind, text): indented JSON, text, or bytes in hexadecimal."""
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "binary", payload.hex(" ")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ("binary", payload.hex(" ")) if _UNPRINTABLE.search(text) else ("text", text)
    if not isinstance(content, dict | list):
        return "text", text
    return "json", json.dumps(content, indent=2, ensure_ascii=False)


def looks_like_broken_json(payload: str) -> bool:
    """Tell whether a payload was meant to be JSON and is none."""
    if not payload.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(payload)
    except (ValueError, RecursionError):
        return True
    return False


def _masked(value: Any, *, is_secret: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            name: _masked(said, is_secret=is_secret or _is_secret(name))
            for name, said in value.items()
        }
    if isinstance(value, list):
        return [_masked(said, is_secret=is_secret) for said in value]
    return MASK if is_secret and value not in (None, "") else value


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return lowered == "configuration" or sounds_secret(lowered) or bool(_MORE_SECRETS.search(name))


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _escaped(said) for name, said in value.items()}
    if isinstance(value, list):
        return [_escaped(said) for said in value]
    return value.replace(_BRACE, "").replace("}", _BRACE) if isinstance(value, str) else value
