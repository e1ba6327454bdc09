"""Audit events of the fleet app. Values of a configuration are never recorded."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class ConfigurationPushed(EventType):
    """Somebody had configuration sent to a device; the event names the variables."""

    slug = "fleet.configuration_pushed"
    label = "Configuration pushed"
    icon = "send"


@events.register
class ConfigurationWithdrawn(EventType):
    """Somebody took a push back before it was sent."""

    slug = "fleet.configuration_withdrawn"
    label = "Configuration withdrawn"
    icon = "send"


@events.register
class ConfigurationSent(EventType):
    """A device was given its configuration."""

    slug = "fleet.configuration_sent"
    label = "Configuration sent"
    icon = "send"


@events.register
class ConfigurationSeen(EventType):
    """A device called after it had been given its configuration."""

    slug = "fleet.configuration_seen"
    label = "Configuration seen"
    icon = "send"
