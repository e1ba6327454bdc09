"""Reading a device's status text: `#e` marks an error, `#w` a warning, neither is shown."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_TAG = re.compile(r"#([ewEW])(?![A-Za-z0-9_])")
_LEVELS = {"e": "error", "w": "warning"}


def read_status(text: str) -> tuple[str, str]:
    """Return (text without its tags, level); the worse tag wins."""
    found = {tag.lower() for tag in _TAG.findall(text)}
    level = next((level for tag, level in _LEVELS.items() if tag in found), "ok")
    return " ".join(_TAG.sub(" ", text).split()) if found else text, level


def said_status(text: str, *, has_chain: bool, now: datetime) -> dict[str, Any]:
    """Return the columns of DeviceState that a status changes.

    What a chain of transformers is to read first leaves the status that is shown as it is: the
    chain's run, due from now on, replaces it. `status_assignments` is the same in SQL.
    """
    if has_chain and text:
        return {"status_raw": text, "transform_due_at": now}
    status, level = read_status(text)
    return {
        "status_raw": text,
        "status": status,
        "level": level,
        "status_error": "",
        "transform_due_at": None,
    }


# With a chain of transformers the mark that a run of it is due is set by the very statement that
# stores the status, so that nothing that happens later can lose it.
_ASSIGNMENTS = """
status_raw = COALESCE({status_raw}, {s}status_raw),
status = CASE WHEN {to_chain} THEN {s}status ELSE COALESCE({status}, {s}status) END,
level = CASE WHEN {to_chain} THEN {s}level ELSE COALESCE({level}, {s}level) END,
status_error = CASE WHEN {status_raw} IS NULL OR {to_chain} THEN {s}status_error ELSE '' END,
transform_due_at = CASE WHEN {status_raw} IS NULL THEN {s}transform_due_at
                        WHEN {to_chain} THEN {now} END"""
SAID = ("status_raw", "status", "level")


def status_assignments(said: str, *, state: str, now: str) -> str:
    """Return the SET clause of a statement that stores statuses; a NULL raw text changes nothing.

    `said` makes the expression of a said value of its name (one of SAID), `state` is what the
    names of columns are prefixed with, `now` the expression of the moment.
    """
    names = {name: said.format(name) for name in SAID}
    to_chain = f"{state}has_chain AND {names['status_raw']} <> ''"
    return _ASSIGNMENTS.format(**names, s=state, now=now, to_chain=to_chain)
