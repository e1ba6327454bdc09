"""What the console has this device use, without new firmware: names and values.

New values are on trial until the firmware came up with them; else those from before count again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from thinx_agent.errors import Refused
from thinx_agent.store import read_json, write_atomic

MAX_VALUES = 256
MAX_LENGTH = 4096
MAX_ATTEMPTS = 3
PRIVATE = 0o600
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class Configuration:
    """The values of one device, kept in `file`; only its owner may read it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        kept = read_json(file)
        self.values = _texts(kept.get("values")) or {}
        self._before = _texts(kept.get("before"))
        attempts = kept.get("attempts")
        self._attempts = attempts if isinstance(attempts, int) else 0
        self._failed: dict[str, str] | None = None

    @property
    def on_trial(self) -> bool:
        """Whether the firmware has yet to come up with the values."""
        return self._before is not None

    def begin_trial(self, pushed: dict[str, str]) -> bool:
        """Lay new values over those that are there; False when that would change nothing.

        Values that were just given up are not tried again.
        """
        wanted = {**self.values, **pushed}
        if len(wanted) > MAX_VALUES:
            raise Refused(f"there is room for {MAX_VALUES} values")
        if wanted in (self.values, self._failed):
            return False
        self._before, self.values, self._attempts = self.values, wanted, 0
        self._save()
        return True

    def count_attempt(self) -> bool:
        """Count a try; False when there were enough."""
        self._attempts += 1
        self._save()
        return self._attempts <= MAX_ATTEMPTS

    def confirm(self) -> None:
        """Keep the values."""
        self._before, self._failed = None, None
        self._save()

    def roll_back(self) -> None:
        """Return to the values from before the trial."""
        self._failed, self.values, self._before = self.values, self._before or {}, None
        self._save()

    def write_for_firmware(self, folder: Path) -> None:
        """Put the values where firmware that starts in `folder` finds them."""
        if self.values:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / "configuration.json", _json(self.values), PRIVATE)

    def _save(self) -> None:
        kept = {"values": self.values, "before": self._before, "attempts": self._attempts}
        write_atomic(self._file, _json(kept), PRIVATE)


def checked(pushed: object) -> dict[str, str]:
    """Return what was pushed if it can be used, else raise `Refused`."""
    values = _texts(pushed)
    if not values:
        raise Refused("it is not an object of names and texts")
    for name, value in values.items():
        if not _NAME.fullmatch(name):
            raise Refused("it has a name that no variable can have")
        if len(value) > MAX_LENGTH:
            raise Refused(f"the value of {name} is too long")
    return values


def _texts(content: object) -> dict[str, str] | None:
    if not isinstance(content, dict):
        return None
    pairs = [*content.items()]
    return dict(pairs) if all(isinstance(value, str) for _, value in pairs) else None


def _json(content: dict) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()
