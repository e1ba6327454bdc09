"""Comparing the versions of firmware: ``repo:1.2.3.4`` counts as 1.2.7."""

from __future__ import annotations

import re


def version_key(text: str) -> tuple:
    """Return a key that sorts versions; parts after the third are added to it."""
    tag = text.split(":")[1] if ":" in text else text
    tag = re.sub(r"^[vV](?=[0-9])", "", tag.strip())
    core, _, pre = tag.partition("+")[0].partition("-")
    parts = [_number(part) for part in core.split(".")]
    parts += [0] * (3 - len(parts))
    return (parts[0], parts[1], sum(parts[2:]), not pre, _pre_key(pre))


def _number(part: str) -> int:
    digits = re.match(r"[0-9]{1,18}", part)
    return int(digits.group()) if digits else 0


def _pre_key(pre: str) -> tuple:
    return tuple(
        (0, int(item[:18]), "") if re.fullmatch("[0-9]+", item) else (1, 0, item)
        for item in pre.split(".")
    )
