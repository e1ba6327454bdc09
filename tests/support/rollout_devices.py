"""Devices that call over HTTP when they are told to, and install what they are offered."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 60


@dataclass
class UpdatedDevice:
    """One device. `ran` is every version that it ran, in order; `refuses` those it cannot run."""

    url: str
    udid: str
    owner: str
    key: str
    ran: list[str] = field(default_factory=lambda: ["1.0.0"])
    refuses: set[str] = field(default_factory=set)
    status: str = "well"

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
        return told["registration"]

    def live(self) -> bool:
        """Check in, and install what is offered; tell whether anything was.

        What it came to the device says at its next call.
        """
        told = self.call()
        if told["status"] != "FIRMWARE_UPDATE":
            return False
        with urllib.request.urlopen(
            f"{self.url}/device/firmware?ott={told['ott']}", timeout=TIMEOUT
        ) as answer:
            version, size = answer.headers["x-THiNX-Version"], answer.headers["Content-Length"]
            if len(answer.read()) != int(size):
                raise ValueError("half of a file")
        if version in self.refuses:
            self.status = f"rolled back from {version}: no sign of life within 30 s"
        else:
            self.ran.append(version)
        return True
