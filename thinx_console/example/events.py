"""Audit events of the example."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class ExampleLoaded(EventType):
    """Sources, variables, keys and simulated devices to try things with."""

    slug = "example.loaded"
    label = "Example loaded"
    icon = "flask"


@events.register
class ExampleRemoved(EventType):
    """Everything that came with the example is gone."""

    slug = "example.removed"
    label = "Example removed"
    icon = "flask"
