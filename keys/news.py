"""What is told of keys: that one ends soon, while there is still time."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from keys.models import ApiKey
from notifications.choices import Level
from notifications.kinds import Kind, kinds
from notifications.services import Happened, notify_many

# Told once in each of these spans before the end.
SPANS = ((timedelta(0), timedelta(days=1)), (timedelta(days=1), timedelta(days=14)))
MOST = 5000


@kinds.register
class KeyExpiring(Kind):
    """Devices and scripts will soon be refused."""

    slug = "key_expiring"
    label = "API key expires"
    text = "Two weeks before an API key ends, and again the day before."
    level = Level.WARNING
    pause = 0
    one = "The API key {name} expires on {day}"
    many = "{count} API keys expire soon"
    many_page = "keys:apikey_list"
    button = "Look at the key"
    icon = "key"


def keys_expiring_tell() -> None:
    """Tell of keys that end soon; a task calls it again and again."""
    now = timezone.now()
    for stage, (nearest, furthest) in enumerate(SPANS):
        ending = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now + nearest)
        ending = ending.filter(expires_at__lte=now + furthest).order_by("expires_at", "pk")
        notify_many(KeyExpiring, [_happened(key, stage) for key in ending[:MOST]])


def _happened(key: ApiKey, stage: int) -> Happened:
    end = key.expires_at
    day = f"{end.day} {end:%b %Y}" if end is not None else ""
    return Happened(
        key.organization_id,
        key,
        facts={
            "day": day,
            "prefix": key.prefix,
            "message": f"It begins with {key.prefix}. What calls with it is refused from then on; "
            "give it another key, or a later day.",
        },
        once=f"apikey:{key.uid}:{end and int(end.timestamp())}:{stage}",
    )
