"""Reading a device's status text: `#e` marks an error, `#w` a warning, neither is shown."""

from __future__ import annotations

import re

_TAG = re.compile(r"#([ewEW])(?![A-Za-z0-9_])")
_LEVELS = {"e": "error", "w": "warning"}


def read_status(text: str) -> tuple[str, str]:
    """Return (text without its tags, level); the worse tag wins."""
    found = {tag.lower() for tag in _TAG.findall(text)}
    level = next((level for tag, level in _LEVELS.items() if tag in found), "ok")
    return " ".join(_TAG.sub(" ", text).split()) if found else text, level
