"""The forms of a MAC address that devices send, made into one."""

from __future__ import annotations

import re

MAC_MAX_LENGTH = 40
_SEPARATORS = re.compile(r"[:\-. ]")
_HEX12 = re.compile(r"[0-9A-F]{12}")
_NAMED = re.compile(rf"[A-Z0-9:_\-.]{{1,{MAC_MAX_LENGTH}}}")
_NOTHING = {"", "UNDEFINED", "NULL", "NONE", "NAN"}


def normalise_mac(value: object) -> str:
    """Return the canonical form of an address, or "" when it identifies nothing.

    Twelve hexadecimal digits with any separators become ``5C:CF:7F:01:23:45``. Names that some
    libraries send instead (``SIGFOX4D2F``, ``ESP32_A1B2C3``) are kept in upper case. All zeros, all
    ones and what is not an address at all are "no MAC".
    """
    if not isinstance(value, str):
        return ""
    text = value.strip().upper()
    digits = _SEPARATORS.sub("", text)
    if _HEX12.fullmatch(digits):
        return "" if digits in {"0" * 12, "F" * 12} else _pairs(digits)
    if text in _NOTHING or not digits.strip("0_") or not _NAMED.fullmatch(text):
        return ""
    return text


def _pairs(digits: str) -> str:
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
