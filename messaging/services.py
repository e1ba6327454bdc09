"""All writes to messages and publications; those of questions are in `question_services`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import DomainError
from messaging import events
from messaging.choices import Direction, PublicationState
from messaging.constants import (
    KEPT_BYTES,
    KEPT_FOR,
    KEPT_PER_DEVICE,
    LONGEST_PAYLOAD,
    SENT_WITHIN,
)
from messaging.models import DeviceMessage, Publication
from messaging.payloads import looks_like_broken_json, masked

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A message on a topic of a device, to be kept for a while."""

    device_id: int
    at: datetime
    direction: str
    suffix: str
    payload: bytes


def messages_keep(seen: Iterable[Seen]) -> None:
    """Keep messages, each up to a limit."""
    DeviceMessage.objects.bulk_create(
        DeviceMessage(
            device_id=one.device_id,
            at=one.at,
            direction=one.direction,
            suffix=one.suffix,
            payload=one.payload[:KEPT_BYTES],
            size=len(one.payload),
        )
        for one in seen
    )


def messages_prune(device_ids: Iterable[int]) -> None:
    """Keep the last messages of these devices only."""
    for device_id in device_ids:
        rows = DeviceMessage.objects.filter(device_id=device_id).order_by("-pk")
        oldest = rows.values_list("pk", flat=True)[KEPT_PER_DEVICE - 1 : KEPT_PER_DEVICE].first()
        if oldest is not None:
            DeviceMessage.objects.filter(device_id=device_id, pk__lt=oldest).delete()


def messages_expire() -> int:
    """Remove what is older than a day; return how many rows went."""
    limit = timezone.now() - KEPT_FOR
    gone, _ = DeviceMessage.objects.filter(at__lt=limit).delete()
    published, _ = Publication.objects.filter(queued_at__lt=limit).delete()
    return gone + published


def publish_on_commit(
    topic: str, payload: str, *, organization: Any, device: Any = None
) -> Publication:
    """Have the bridge publish a payload once this commits: once at most, never retained.

    The row returned tells whether it was sent. With a device, it shows among its messages.
    """
    return Publication.objects.create(
        organization=organization,
        device=device,
        topic=topic,
        payload=payload,
        shown=masked(payload)[:KEPT_BYTES],
    )


@transaction.atomic
def message_publish(
    actor: Any, *, device: Any, topic: str, payload: str, as_is: bool = False
) -> Publication:
    """Send a payload to a topic of a device for a person. Audits, with what is secret masked.

    Raises DomainError (messaging.broken_json, messaging.payload_too_long, messaging.foreign_topic).
    """
    if topic not in topics_of(device):
        raise DomainError("messaging.foreign_topic", "This topic does not belong to the device.")
    if len(payload.encode("utf-8", "replace")) > LONGEST_PAYLOAD:
        raise DomainError(
            "messaging.payload_too_long",
            f"A payload has at most {LONGEST_PAYLOAD // 1024} kB.",
            fields={"payload": [f"Send at most {LONGEST_PAYLOAD // 1024} kB."]},
        )
    if not as_is and looks_like_broken_json(payload):
        raise DomainError(
            "messaging.broken_json",
            "This looks like JSON and is not.",
            fields={"payload": ["This looks like JSON and is not. Mend it, or send it as it is."]},
        )
    organization = device.organization
    published = publish_on_commit(topic, payload, organization=organization, device=device)
    record(
        actor,
        events.MessagePublished,
        device,
        organization=organization,
        topic=topic,
        payload=published.shown[:1000],
    )
    return published


def topics_of(device: Any) -> list[str]:
    """Return the topics that one may publish to for a device: its own, and those of its meshes."""
    owner = device.organization.owner_id
    own = f"/{owner}/{device.udid}"
    return [own, *(f"/{owner}/{mesh}" for mesh in getattr(device, "mesh_ids", ()))]


def publications_send(say: Callable[[str, bytes], None]) -> int:
    """Publish what waits, oldest first; return how many. Each is marked before it is said."""
    now = timezone.now()
    waiting = Publication.objects.filter(state=PublicationState.QUEUED)
    with transaction.atomic():
        taken = list(waiting.order_by("pk").select_for_update(skip_locked=True)[:AT_ONCE])
        late = [row for row in taken if row.queued_at < now - SENT_WITHIN]
        timely = [row for row in taken if row.queued_at >= now - SENT_WITHIN]
        said = [(row.topic, _revealed(row)) for row in timely]
        _mark(late, state=PublicationState.EXPIRED, payload="")
        _mark(timely, state=PublicationState.SENT, sent_at=now, payload="")
        messages_keep(
            Seen(row.device_id, now, Direction.OUT, "", row.shown.encode("utf-8", "replace"))
            for row in timely
            if row.device_id is not None
        )
    for topic, payload in said:
        say(topic, payload)
    return len(taken)


def _revealed(row: Publication) -> bytes:
    payload: Any = row.payload
    return f"{payload.reveal()}".encode("utf-8", "replace")


def _mark(rows: Sequence[Publication], **fields: Any) -> None:
    if rows:
        Publication.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
