"""Configuration over MQTT: who listens gets it at once, and what is lost goes again.

A receipt is marked as sent before it is said, and as delivered when the other end of the connection
has acknowledged its bytes (at another broker: when the one to the broker has lived on); what a
killed process or a lost connection leaves in between goes back into the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from devices.status_services import Sign
from fleet.models import ConfigReceipt
from fleet.pushes.choices import Channel, Proof, ReceiptState
from fleet.pushes.constants import IN_FLIGHT
from fleet.pushes.messages import refusal_in
from fleet.pushes.moving import move_all, tell_on_commit
from fleet.pushes.receipts import config_message_of, config_push_failed
from gateway.protocol.messages import read_message
from messaging.choices import Direction
from messaging.models import DeviceMessage
from messaging.payloads import masked
from messaging.services import Seen, messages_keep

logger = logging.getLogger(__name__)

AT_ONCE = 500
LOOKED_AT_ONCE = 1000
TURNS = 5

S = ReceiptState


@dataclass(frozen=True, slots=True)
class Said:
    """A message that left: over which topic, and when."""

    topic: str
    at: datetime


class Listeners(Protocol):
    """Who is subscribed, as a broker of our own knows it; may be asked from any thread."""

    def listens_since(self, topic: str) -> datetime | None:
        """Return when the connection began that is subscribed to a topic now."""

    def is_on_its_way(self, topic: str) -> bool:
        """Tell whether what was said on a topic has yet to reach that connection's other end."""


@dataclass
class Pushing:
    """Sends what waits. `say` publishes; `listeners` is there where the broker is ours; `is_up`
    tells whether the way to the broker is open.
    """

    say: Callable[[str, bytes], None]
    listeners: Listeners | None = None
    is_up: Callable[[], bool] = lambda: True
    _said: dict[int, Said] = field(default_factory=dict)
    _kept: dict[Any, bytes] = field(default_factory=dict)

    def turn(self) -> None:
        """Acknowledge what went out last time, look at what is new, send what waits."""
        self._acknowledge()
        self._requeue_lost()
        for _ in range(TURNS):
            if self._look() < LOOKED_AT_ONCE:
                break
        for _ in range(TURNS):
            if self.publish() < AT_ONCE:
                break

    def heard(self, signs: Sequence[Sign]) -> None:
        """Note what devices said: they listen now, or left; and have what they were sent."""
        there: dict[int, list[Sign]] = {}
        for sign in signs:
            there.setdefault(sign.device.pk, []).append(sign)
        gone = [pk for pk, said in there.items() if said[-1].is_gone]
        self._settle(there)
        here = [pk for pk in there if pk not in {*gone}]
        _route(ConfigReceipt.objects.filter(device__in=here, channel=Channel.HTTP), Channel.MQTT)
        _route(ConfigReceipt.objects.filter(device__in=gone, channel=Channel.MQTT), Channel.HTTP)

    def connected(self, udids: Collection[str]) -> None:
        """Note that these devices have connected and said nothing yet."""
        if udids:
            rows = ConfigReceipt.objects.filter(device__uid__in=udids, channel=Channel.HTTP)
            _route(rows, Channel.MQTT)

    def publish(self) -> int:
        """Publish what waits for devices that listen; return how many rows were looked at."""
        waiting = ConfigReceipt.objects.filter(state=S.QUEUED, channel=Channel.MQTT)
        with transaction.atomic():
            taken = list(
                waiting.order_by("pk")
                .select_for_update(of=("self",), skip_locked=True)
                .select_related("push", "variant", "device__organization")[:AT_ONCE]
            )
            here = [one for one in taken if self._listens(_topic(one))]
            absent = [one.pk for one in taken if not self._listens(_topic(one))]
            _route(ConfigReceipt.objects.filter(pk__in=absent), Channel.HTTP)
            messages = self._mark_sent(here)
        # Before the first leaves: it may be answered while the others are still told.
        now = timezone.now()
        self._said |= {one.pk: Said(_topic(one), now) for one in here}
        for topic, message in messages:
            self.say(topic, message)
        return len(taken)

    def _mark_sent(self, receipts: Sequence[ConfigReceipt]) -> list[tuple[str, bytes]]:
        now = timezone.now()
        messages = [(_topic(one), self._message(one)) for one in receipts]
        for attempts in {one.attempts for one in receipts}:
            pks = [one.pk for one in receipts if one.attempts == attempts]
            rows = ConfigReceipt.objects.filter(pk__in=pks, state=S.QUEUED)
            move_all(rows, S.SENT, sent_at=now, attempts=attempts + 1)
        messages_keep(
            Seen(one.device_id, now, Direction.OUT, "", masked(message.decode()).encode())
            for one, (_, message) in zip(receipts, messages, strict=True)
        )
        tell_on_commit(receipts)
        return messages

    def _message(self, receipt: ConfigReceipt) -> bytes:
        """Return the message; those of one push are opened once in a row."""
        key = receipt.carried.uid
        if key not in self._kept:
            self._kept = {key: config_message_of(receipt)}
        return self._kept[key]

    def _acknowledge(self) -> None:
        """Mark as delivered what has arrived; what was lost waits again."""
        came = {pk: self._arrived(one) for pk, one in self._said.items()}
        said = {pk: self._said.pop(pk) for pk, has in came.items() if has is not None}
        if not said:
            return
        arrived = [pk for pk in said if came[pk]]
        lost = [pk for pk in said if not came[pk]]
        with transaction.atomic():
            now = timezone.now()
            for at in {said[pk].at for pk in arrived}:
                pks = [pk for pk in arrived if said[pk].at == at]
                rows = ConfigReceipt.objects.filter(pk__in=pks, state=S.SENT)
                # What a device answers from here on proves it, and may wait to be handled by now.
                move_all(rows, S.DELIVERED, sent_at=at, delivered_at=now)
            move_all(ConfigReceipt.objects.filter(pk__in=lost, state=S.SENT), S.QUEUED, channel="")
            tell_on_commit(
                ConfigReceipt.objects.filter(pk__in=said).select_related("push", "device")
            )

    def _arrived(self, said: Said) -> bool | None:
        """Tell whether a message has arrived: None while it is on its way, False if it is lost."""
        if self.listeners is None or not self.is_up():
            return self.is_up()
        since = self.listeners.listens_since(said.topic)
        if since is None or since > said.at:
            return False
        return None if self.listeners.is_on_its_way(said.topic) else True

    def _requeue_lost(self) -> None:
        """Have what a killed bridge had marked, and perhaps never said, looked at again."""
        rows = ConfigReceipt.objects.filter(
            state=S.SENT, channel=Channel.MQTT, sent_at__lt=timezone.now() - IN_FLIGHT
        ).exclude(pk__in=[*self._said])
        move_all(rows, S.QUEUED, channel="")

    def _look(self) -> int:
        """Decide for new receipts which way they go; return how many there were."""
        heard = DeviceMessage.objects.filter(device=OuterRef("device"), direction=Direction.IN)
        rows: Any = ConfigReceipt.objects.filter(state=S.QUEUED, channel="").order_by("pk")
        if self.listeners is None:
            rows = rows.annotate(newest=Subquery(heard.order_by("-pk").values("payload")[:1]))
        new = list(rows.select_related("device__organization")[:LOOKED_AT_ONCE])
        there = {one.pk for one in new if self._is_there(one)}
        unseen = ConfigReceipt.objects.filter(channel="")
        _route(unseen.filter(pk__in=there), Channel.MQTT)
        _route(unseen.filter(pk__in=[o.pk for o in new if o.pk not in there]), Channel.HTTP)
        return len(new)

    def _is_there(self, receipt: Any) -> bool:
        if self.listeners is not None:
            return self._listens(_topic(receipt))
        return receipt.newest is not None and not read_message(bytes(receipt.newest)).is_gone

    def _settle(self, there: dict[int, list[Sign]]) -> None:
        """Take what a device says after it was sent something for the proof that it has that."""
        rows = ConfigReceipt.objects.filter(state__in=(S.SENT, S.DELIVERED), device__in=there)
        applied = []
        for receipt in rows.select_related("push", "device"):
            said = [one for one in there[receipt.device_id] if self._came_after(one, receipt)]
            words = [found for one in said if (found := refusal_in(one.status or "")) is not None]
            if words:
                config_push_failed(receipt=receipt, words=words[0])
            elif any(not one.is_gone for one in said):
                applied.append(receipt)
        if applied:
            with transaction.atomic():
                pks = [one.pk for one in applied]
                done = {"ended_at": timezone.now(), "proof": Proof.REPORT}
                move_all(ConfigReceipt.objects.filter(pk__in=pks), S.APPLIED, **done)
                tell_on_commit(applied)
            for pk in pks:
                self._said.pop(pk, None)

    def _came_after(self, sign: Sign, receipt: ConfigReceipt) -> bool:
        if receipt.state == S.DELIVERED:
            over_mqtt = receipt.channel == Channel.MQTT
            since = receipt.sent_at if over_mqtt else receipt.delivered_at
            return since is not None and sign.at >= since
        said = self._said.get(receipt.pk)
        if said is None or sign.at < said.at or (sign.since and sign.since > said.at):
            return False
        return self.listeners is None or not self.listeners.is_on_its_way(said.topic)

    def _listens(self, topic: str) -> bool:
        return self.listeners is None or self.listeners.listens_since(topic) is not None


def _route(rows: Any, channel: str) -> None:
    rows.filter(state=S.QUEUED).update(channel=channel)


def _topic(receipt: ConfigReceipt) -> str:
    device = receipt.device
    return f"/{device.organization.owner_id}/{device.udid}"
