"""Devices that call over HTTP when they are told to, and install what they are offered."""

from __future__ import annotations

import json
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 60
PIECE = 1 << 17


@dataclass
class UpdatedDevice:
    """One device. `ran` is every version that it ran, in order; `refuses` those it cannot run.

    `heard` is what it was told over MQTT and has not looked at; `fetched` every version whose file
    it got whole, `again` what a check-in offered though the device had said to run that. `saw` is
    called with what happens to it: told, fetching, fetched, reported. A quiet one calls only when
    it has something to say: at its start, and after it was told of firmware.
    """

    url: str
    udid: str
    owner: str
    key: str
    ran: list[str] = field(default_factory=lambda: ["1.0.0"])
    refuses: set[str] = field(default_factory=set)
    status: str = "well"
    heard: deque[dict[str, Any]] = field(default_factory=deque)
    fetched: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    saw: Callable[[str], None] = lambda moment: None
    is_quiet: bool = False
    has_news: bool = True

    @property
    def version(self) -> str:
        """Return what it runs."""
        return self.ran[-1]

    def call(self) -> dict[str, Any]:
        """Check in; return what it is told. Raises OSError and ValueError."""
        said = {"owner": self.owner, "udid": self.udid, "version": self.version}
        request = urllib.request.Request(
            f"{self.url}/device/register",
            json.dumps({"registration": {**said, "status": self.status}}).encode(),
            {"Authentication": self.key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            told = json.loads(answer.read())
        self.status = "well"
        self.saw("reported")
        return told["registration"]

    def take(self, text: str | bytes) -> bool:
        """Keep what a message offers; whether it does is seen when it lives on."""
        told = json.loads(text).get("registration", {})
        if told.get("status") == "FIRMWARE_UPDATE":
            self.heard.append(told)
        return False

    def note(self, error: BaseException) -> None:
        """Lose a connection; it only tries again."""

    def live(self) -> bool:
        """Check in, and install what is offered; tell whether anything was.

        What it came to the device says at its next call.
        """
        was_heard = bool(self.heard)
        if self.is_quiet and not was_heard and not self.has_news:
            return False
        told = self.heard.popleft() if was_heard else self.call()
        self.has_news = was_heard or told["status"] == "FIRMWARE_UPDATE"
        if told["status"] != "FIRMWARE_UPDATE":
            return False
        if told["version"].endswith(f":{self.version}"):
            self.again += [] if was_heard else [self.version]
            return False
        self.saw("told")
        version = self._fetch(told["ott"])
        self.saw("fetched")
        self.fetched.append(version)
        if version in self.refuses:
            self.status = f"rolled back from {version}: no sign of life within 30 s"
        else:
            self.ran.append(version)
        return True

    def _fetch(self, token: str) -> str:
        """Get a file whole; return the version of it."""
        url = f"{self.url}/device/firmware?ott={token}"
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            version, size = answer.headers["x-THiNX-Version"], answer.headers["Content-Length"]
            got = len(answer.read(PIECE))
            self.saw("fetching")
            got += len(answer.read())
        if size is None or got != int(size):
            raise ValueError("half of a file")
        return version
