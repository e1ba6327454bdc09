"""Who is subscribed to what, found without looking at every filter.

amqtt keeps its filters in a dict, and walks all of it for each message, for each client that
connects and for each that goes: with ten thousand devices tens of milliseconds each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from amqtt.session import Session

Subscribers = list[tuple[Session, int]]

# The session whose connection this task serves. amqtt goes through the filters of everybody to
# find those of a client that came back.
SERVED: ContextVar[Session | None] = ContextVar("served", default=None)


class Subscriptions(dict[str, Subscribers]):
    """amqtt's dict of filters, which knows besides which have wildcards and who has which.

    Where it is walked by the task of a connection, it has the filters of that client.
    """

    def __init__(self) -> None:
        super().__init__()
        self._with_wildcards: dict[str, Subscribers] = {}
        self._held: dict[str, dict[str, None]] = {}

    def __setitem__(self, topic_filter: str, subscribers: Subscribers) -> None:
        super().__setitem__(topic_filter, subscribers)
        if "+" in topic_filter or "#" in topic_filter:
            self._with_wildcards[topic_filter] = subscribers

    def __delitem__(self, topic_filter: str) -> None:
        super().__delitem__(topic_filter)
        self._with_wildcards.pop(topic_filter, None)

    def __iter__(self) -> Iterator[str]:
        session = SERVED.get()
        return iter(self.held_by(session)) if session is not None else super().__iter__()

    def __repr__(self) -> str:
        return f"<{len(self)} filters>"  # amqtt writes it after each SUBSCRIBE, logged or not

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._with_wildcards.clear()
        self._held.clear()

    def matching(self, topic: str, matches: Callable[[str, str], bool]) -> Subscribers:
        """Return who is to be told of a message; `matches` takes a topic and a filter."""
        found = list(self.get(topic, ())) if topic not in self._with_wildcards else []
        for topic_filter, subscribers in self._with_wildcards.items():
            if matches(topic, topic_filter):
                found += subscribers
        return found

    def held_by(self, session: Session) -> list[str]:
        """Return the filters of a client."""
        return [*self._held.get(session.client_id or "", ())]

    def note(self, session: Session, topic_filter: str) -> None:
        """Note that a client was added to a filter."""
        self._held.setdefault(session.client_id or "", {})[topic_filter] = None

    def forget(self, session: Session, topic_filter: str) -> None:
        """Note that a client was taken from a filter; one that nobody has any more is dropped."""
        held: dict[str, Any] = self._held.get(session.client_id or "", {})
        held.pop(topic_filter, None)
        if not held:
            self._held.pop(session.client_id or "", None)
        if not self.get(topic_filter, True):
            del self[topic_filter]
