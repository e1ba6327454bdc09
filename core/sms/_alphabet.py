"""How a text becomes short messages: GSM 7-bit when its characters allow it, else UCS-2."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

# 3GPP TS 23.038: the place of a character is its code; ESCAPE leads to the extension table.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
ESCAPE = 0x1B
GSM7, UCS2 = 0, 8
# Of one message alone, and of each part of several, which begins with a header of 6 octets.
SINGLE = {GSM7: 160, UCS2: 140}
PART = {GSM7: 153, UCS2: 134}


@dataclass(frozen=True)
class Encoded:
    """The parts of a text; `coding` is SMPP's data_coding."""

    coding: int
    parts: tuple[bytes, ...]

    @property
    def has_headers(self) -> bool:
        """Tell whether each part begins with the header that joins them."""
        return len(self.parts) > 1


def encode(text: str) -> Encoded:
    """Return a text in one or more parts, no character torn in two."""
    coding = GSM7 if is_gsm7(text) else UCS2
    characters = [_gsm7(c) if coding == GSM7 else _ucs2(c) for c in text]
    if sum(map(len, characters)) <= SINGLE[coding]:
        return Encoded(coding, (b"".join(characters),))
    parts = _packed(characters, PART[coding])
    head = bytes([5, 0, 3, secrets.randbelow(256), len(parts)])
    return Encoded(coding, tuple(head + bytes([n]) + part for n, part in enumerate(parts, 1)))


def is_gsm7(text: str) -> bool:
    """Tell whether every character is in the GSM 7-bit alphabet."""
    return all((c in BASIC and c != chr(ESCAPE)) or c in EXTENDED for c in text)


def _packed(characters: list[bytes], limit: int) -> list[bytes]:
    parts = [b""]
    for character in characters:
        if len(parts[-1]) + len(character) > limit:
            parts.append(b"")
        parts[-1] += character
    return parts


def _gsm7(character: str) -> bytes:
    if character in EXTENDED:
        return bytes([ESCAPE, EXTENDED[character]])
    return bytes([BASIC.index(character)])


def _ucs2(character: str) -> bytes:
    return character.encode("utf-16-be", "replace")
