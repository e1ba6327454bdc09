"""MQTT topics of devices: `/<owner id>/<udid>`, and what lies below."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

LONGEST_SUFFIX = 120
STATUS = "status"
_TOPIC = re.compile(
    r"/(?P<owner>[0-9a-f]{64})/(?P<udid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"(?:/(?P<suffix>.*))?",
    re.DOTALL,
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Address:
    """Whose topic it is, and where below the device's own one: "" is that itself."""

    owner: str
    udid: uuid.UUID
    suffix: str = ""

    @property
    def topic(self) -> str:
        """Return the topic."""
        return f"{self.device_topic}/{self.suffix}" if self.suffix else self.device_topic

    @property
    def device_topic(self) -> str:
        """Return the topic that the device listens to."""
        return topic_of(self.owner, self.udid)


def topic_of(owner: str, udid: uuid.UUID | str) -> str:
    """Return the topic that a device listens to."""
    return f"/{owner}/{udid}"


def address_of(topic: str) -> Address | None:
    """Return the address that a topic is, or None when it belongs to no single device."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        return None
    suffix = found["suffix"] or ""
    if len(suffix) > LONGEST_SUFFIX or _UNPRINTABLE.search(suffix):
        return None
    return Address(found["owner"], uuid.UUID(found["udid"]), suffix)
