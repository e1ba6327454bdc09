"""Reads of what people want to hear of."""

from __future__ import annotations

from accounts.models import NotificationChoice, User
from accounts.topics import topics


def choices_of(user: User) -> dict[tuple[str, str], bool]:
    """Return every choice there is by (topic, channel), decided or not. One query."""
    found = {
        (topic.slug, channel): channel in topic.default
        for topic in topics
        for channel in topic.channels
    }
    rows = NotificationChoice.objects.filter(user=user)
    for topic_slug, channel, is_on in rows.values_list("topic", "channel", "is_on"):
        if (topic_slug, channel) in found:
            found[topic_slug, channel] = is_on
    return found


def wants(user: User, topic: str, channel: str) -> bool:
    """Tell whether a person is to hear of a topic over a channel; SMS needs a number, too."""
    if channel == "sms" and not user.phone:
        return False
    if channel in topics.get(topic).always:
        return True
    return choices_of(user).get((topic, channel), False)
