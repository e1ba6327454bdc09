"""What a kind of news is, and the words it makes of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.urls import reverse

from accounts.topics import Topic, topics
from core.registry import Registry
from notifications.channels import channels
from notifications.choices import Level
from notifications.constants import NAMED

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened, as a message tells it; `after` as in `Occurrence`."""

    pk: int | None
    name: str
    url: str
    facts: dict[str, Any]
    at: str
    tags: Sequence[str] = ()
    meshes: Sequence[str] = ()
    began: datetime = NEVER
    after: Sequence[int] = ()


@dataclass(frozen=True)
class Told:
    """What one message is about: things of one kind, of one organization, for one receiver."""

    organization: Any
    items: Sequence[Item] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return of how many things it tells."""
        return len(self.items)

    @property
    def first(self) -> Item:
        """Return what it tells of, when it is a single thing."""
        return self.items[0]

    def named(self) -> list[dict[str, Any]]:
        """Return the first of them, as they are stored."""
        return [
            {"name": item.name, "url": item.url, "at": item.at, **item.facts}
            for item in self.items[:NAMED]
        ]


class Kind(Topic):
    """One kind of news; also a topic that people choose channels for.

    `level` is how bad it is, `urgent` passes quiet hours of who lets it. Things of one kind and
    organization that happen within `window` seconds are told together, and after a message the
    next one waits `pause` seconds. `one` and `many` are the titles, with the facts of the first
    thing, `name`, `organization` and `count`; `many_page` (a URL name) and `many_query` are where a
    message of several leads. With `for_rules` off only the persons named hear of it. `action` is
    what people must be able to do with the target to be told.
    """

    default: ClassVar[tuple[str, ...]] = ("inbox",)
    level: ClassVar[str] = Level.INFO
    urgent: ClassVar[bool] = False
    window: ClassVar[int] = 0
    pause: ClassVar[int] = 60
    one: ClassVar[str] = ""
    many: ClassVar[str] = ""
    many_page: ClassVar[str] = ""
    many_query: ClassVar[str] = ""
    button: ClassVar[str] = "Look at it"
    icon: ClassVar[str] = "bell"
    for_rules: ClassVar[bool] = True
    action: ClassVar[str] = "view"

    @property
    def channels(self) -> tuple[str, ...]:
        """Return every channel that people can choose."""
        return tuple(channel.slug for channel in channels if channel.people)

    def part_for(self, user: Any, told: Told) -> Told:
        """Return what of it concerns this person: all, unless a kind knows better."""
        return told

    def level_of(self, told: Told) -> str:
        """Return how bad this message is."""
        return self.level

    def title(self, told: Told) -> str:
        """Return the message in one line."""
        first = told.first
        known = {"name": "", **first.facts, "organization": told.organization.name}
        if first.name:
            known["name"] = first.name
        if told.count == 1:
            return self.one.format(**known)[:240]
        return self.many.format(**known, count=f"{told.count:,}")[:240]

    def body(self, told: Told) -> str:
        """Return what follows the title: the first names, and how many more there are."""
        if told.count == 1:
            return f"{told.first.facts.get('message', '')}"[:2000]
        names = ", ".join(item.name for item in told.items[:5])
        more = told.count - 5
        return f"{names} and {more:,} more." if more > 0 else f"{names}."

    def url(self, told: Told) -> str:
        """Return the page it leads to."""
        if told.count == 1 or not self.many_page:
            return told.first.url if told.count == 1 else ""
        query = f"?{self.many_query}" if self.many_query else ""
        return f"{reverse(self.many_page)}{query}"


class KindRegistry(Registry[Kind]):
    """Kinds by slug; each is a topic as well."""

    def register(self, entry: type) -> type:
        """Keep it, and let people choose it."""
        topics.register(entry)
        return super().register(entry)


kinds = KindRegistry("kind of notification")
