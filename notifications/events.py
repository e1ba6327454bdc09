"""Audit events of notifications. Destinations and secrets are never recorded."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class RuleAdded(EventType):
    """An organization has news sent somewhere."""

    slug = "notifications.rule_added"
    label = "Notification rule added"
    icon = "bell"


@events.register
class RuleChanged(EventType):
    """What a rule sends, or where to."""

    slug = "notifications.rule_changed"
    label = "Notification rule changed"
    icon = "bell"


@events.register
class RuleLinkSent(EventType):
    """The link that confirms an address was mailed again."""

    slug = "notifications.rule_link_sent"
    label = "Confirmation link sent again"
    icon = "mail"


@events.register
class RuleConfirmed(EventType):
    """Whoever reads the mail of an address agreed to be sent news there."""

    slug = "notifications.rule_confirmed"
    label = "Address of a notification rule confirmed"
    icon = "circle-check"


@events.register
class RuleDeleted(EventType):
    """Nothing is sent there any more."""

    slug = "notifications.rule_deleted"
    label = "Notification rule deleted"
    icon = "bell"
    level = "warning"


@events.register
class RuleTested(EventType):
    """Somebody had a test sent."""

    slug = "notifications.rule_tested"
    label = "Notification rule tested"
    icon = "send"


@events.register
class RuleSecretReplaced(EventType):
    """The secret that signs a webhook was replaced; the old one signs nothing any more."""

    slug = "notifications.rule_secret_replaced"
    label = "Webhook secret replaced"
    icon = "key"


@events.register
class TimesChanged(EventType):
    """When a person may be sent mail and SMS."""

    slug = "notifications.times_changed"
    label = "Quiet hours and digest changed"
    icon = "clock"
