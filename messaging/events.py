"""Audit events of messages and questions."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class MessagePublished(EventType):
    """A person sent a message to a device; values that may be secret are masked."""

    slug = "messaging.published"
    label = "Message published"
    icon = "send"


@events.register
class QuestionAsked(EventType):
    """A device asks people something."""

    slug = "messaging.question_asked"
    label = "Device asked a question"
    icon = "message"


@events.register
class QuestionAnswered(EventType):
    """A person answered a device."""

    slug = "messaging.question_answered"
    label = "Question answered"
    icon = "message"


@events.register
class QuestionDismissed(EventType):
    """A person put a question away without an answer."""

    slug = "messaging.question_dismissed"
    label = "Question dismissed"
    icon = "x"


@events.register
class QuestionDone(EventType):
    """A device confirmed the answer."""

    slug = "messaging.question_done"
    label = "Answer confirmed by the device"
    icon = "check"
