"""Audit events of configuration pushes. Values of a configuration are never recorded.

What devices do with a push is in its receipts; here is what people do.
"""

from __future__ import annotations

from audit.events import EventType, events


class PushEvent(EventType):
    """Something done to a push; the event names the variables."""

    icon = "send"


@events.register
class ConfigurationPushed(PushEvent):
    """Somebody had configuration sent to devices."""

    slug = "fleet.configuration_pushed"
    label = "Configuration pushed"


@events.register
class ConfigurationWithdrawn(PushEvent):
    """Somebody took back what was not sent yet."""

    slug = "fleet.configuration_withdrawn"
    label = "Configuration withdrawn"


@events.register
class PushDrafted(PushEvent):
    """Somebody drafted a push."""

    slug = "fleet.push_drafted"
    label = "Configuration push drafted"


@events.register
class PushChanged(PushEvent):
    """Somebody changed the draft of a push."""

    slug = "fleet.push_changed"
    label = "Configuration push changed"


@events.register
class PushSubmitted(PushEvent):
    """Somebody asked a second person to review a push."""

    slug = "fleet.push_submitted"
    label = "Configuration push submitted"


@events.register
class PushApproved(PushEvent):
    """A second person approved a push."""

    slug = "fleet.push_approved"
    label = "Configuration push approved"


@events.register
class PushReturned(PushEvent):
    """Somebody made a draft again of a push in review."""

    slug = "fleet.push_returned"
    label = "Configuration push returned"


@events.register
class PushDiscarded(PushEvent):
    """Somebody threw away a push that was not applied."""

    slug = "fleet.push_discarded"
    label = "Configuration push discarded"


@events.register
class PushRetried(PushEvent):
    """Somebody sent a push again to devices that had not taken it."""

    slug = "fleet.push_retried"
    label = "Configuration push retried"


@events.register
class PushReverted(PushEvent):
    """A push was taken back by another one."""

    slug = "fleet.push_reverted"
    label = "Configuration push reverted"
