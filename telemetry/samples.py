"""What is handed in to be kept, and how single values are read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime

_NUMBER = re.compile(r"\s*([+-]?\d{1,6}(?:\.\d{1,6})?)\s*(?:dBm?)?\s*\Z", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)  # not frozen: making a frozen one takes three times as long
class Sample:
    """One check-in. `status` is None when the device said none; rssi and snr are as it said.

    With `has_chain` a status is for the device's transformers to read.
    """

    device_id: int
    uid: str
    organization_id: int
    organization_uid: str
    at: datetime
    status: str | None
    level: str
    rssi: str
    snr: str
    is_new: bool = False
    has_chain: bool = False


def signal_value(text: str) -> float | None:
    """Return a signal as a number ("-61", "-61 dBm"), or None when it is none."""
    found = _NUMBER.match(text)
    value = float(found[1]) if found else math.nan
    return value if math.isfinite(value) else None
