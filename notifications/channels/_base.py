"""What a channel is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from accounts.topics import CHANNELS
from core.delivery import DeliveryError
from core.exceptions import DomainError
from core.registry import Registry


@dataclass(frozen=True)
class Letter:
    """One message as a channel takes it. `url` is absolute; `id` stays the same when it is sent
    again, so that receivers can tell a repetition."""

    id: str
    kind: str
    level: str
    title: str
    text: str
    url: str
    button: str
    count: int
    items: Sequence[dict[str, Any]]
    organization: dict[str, str]
    at: str


@dataclass(frozen=True)
class Addressee:
    """Whom it goes to. Secrets stay out of its text form."""

    destination: str
    secret: str = ""
    name: str = ""
    language: str = ""
    rule: str = ""

    def __repr__(self) -> str:
        return f"Addressee({self.rule or self.name})"


class Channel:
    """One way to tell. Settings are read when it sends, never kept.

    `people` is whether persons choose it, and `rules` whether organizations do. Retries, leases and
    the limit of `per_hour` messages to one receiver are the work of `services/delivering.py`.
    """

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""
    icon: ClassVar[str] = "bell"
    people: ClassVar[bool] = False
    rules: ClassVar[bool] = False
    per_hour: ClassVar[int] = 600
    attempts: ClassVar[int] = 6
    # What a rule calls its destination, and what it may look like.
    destination_label: ClassVar[str] = "Destination"
    destination_help: ClassVar[str] = ""
    has_secret: ClassVar[bool] = False
    # Whether whom a rule names is asked before anything is sent there.
    confirms: ClassVar[bool] = False

    def reaches(self, user: Any) -> bool:
        """Tell whether a person can be reached over it."""
        return self.people

    def addressee(self, user: Any) -> Addressee:
        """Return a person as it knows them."""
        raise TypeError(f"{type(self).__name__} reaches no people")

    def check(self, destination: str) -> str:
        """Return the destination of a rule as it is kept; raises DomainError when it is none."""
        raise DomainError("notifications.channel_unusable", f"{self.label} takes no rules.")

    def shown(self, destination: str) -> str:
        """Return what pages say of a destination: nothing of it that is secret."""
        return destination

    def send(self, to: Addressee, letters: Sequence[Letter]) -> str:
        """Send one message, or several as one; return a reference or raise DeliveryError."""
        raise DeliveryError("this channel sends nothing", permanent=True)


class ChannelRegistry(Registry[Channel]):
    """Channels by slug; those for people join what is chosen from on the profile."""

    def register(self, entry: type) -> type:
        """Keep it, and let people choose it."""
        if entry.people:  # type: ignore[attr-defined]
            CHANNELS.setdefault(entry.slug, entry.label)  # type: ignore[attr-defined]
        return super().register(entry)


channels = ChannelRegistry("channel of notifications")
