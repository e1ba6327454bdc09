"""Takes the secrets of a build out of everything it prints."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from builds.engine.environment import c_string

MASK = "•••"
SHORTEST = 4


class Redactor:
    """Replaces known secrets, also where a program has quoted or encoded them.

    Values shorter than four characters stay: they would tear holes into every line.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Know more secrets. A secret of several lines is known line by line."""
        for secret in secrets:
            for part in {secret.strip(), *(line.strip() for line in secret.splitlines())}:
                if len(part) >= SHORTEST:
                    self._forms |= set(_forms(part))
        ordered = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Return the text with each known secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(secret: str) -> Iterable[str]:
    raw = secret.encode()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield c_string(secret)[1:-1]
    yield ascii(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield raw.hex()
    for offset in range(3):  # base64 of the secret inside a longer text, at each alignment
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        whole = encoded[start : len(encoded) - (1 if (len(raw) + offset) % 3 else 0)]
        if len(whole) >= 6:
            yield whole
            yield whole.replace("+", "-").replace("/", "_")
