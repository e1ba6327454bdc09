"""From messages to rows: whose device it is, what it says, and who is to hear of that."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from devices.models import Device
from devices.status_services import Sign, signs_store
from devices.statuses import read_status
from gateway.callers import gateway_actor
from gateway.configuring import After
from gateway.following import follow
from gateway.mqtt.bridge.intake import Heard
from gateway.mqtt.bridge.offering import Offering
from gateway.mqtt.bridge.pushing import Listeners, Pushing
from gateway.mqtt.bridge.registering import register
from gateway.mqtt.bridge.telling import Telling
from gateway.protocol.messages import NOTHING, Said, read_message
from gateway.protocol.requests import Registration
from gateway.protocol.topics import STATUS, Address, address_of
from messaging.choices import Direction
from messaging.constants import PRUNED_EVERY
from messaging.payloads import masked
from messaging.question_services import question_ask, question_confirmed
from messaging.services import AT_ONCE, Seen, messages_keep, messages_prune, publications_send
from telemetry.samples import Sample

logger = logging.getLogger(__name__)

MOST_OWN = 10_000
Say = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Message:
    """A message on a device's topic, and what it says; `device` is None for an unknown udid."""

    heard: Heard
    address: Address
    said: Said
    device: Device | None


@dataclass
class Handling:
    """Handles batches. `say` publishes to a topic, from any thread; `listeners` and `is_up` are
    as of Pushing."""

    say: Say
    listeners: Listeners | None = None
    is_up: Callable[[], bool] = lambda: True
    telling: Telling = field(default_factory=Telling)
    counts: Counter[str] = field(default_factory=Counter)
    _unpruned: Counter[int] = field(default_factory=Counter)
    _own: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    pushing: Pushing = field(init=False)
    offering: Offering = field(init=False)

    def __post_init__(self) -> None:
        """Have configuration and firmware sent the same way as everything else."""
        self.pushing = Pushing(self._publish, self.listeners, self.is_up)
        self.offering = Offering(self.say, self.listeners)

    def handle(self, batch: Sequence[Heard]) -> None:
        """Handle a batch at once; one bad message of it spoils no other."""
        messages = self._addressed(batch)
        try:
            self._store(messages)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            logger.warning("a batch of messages goes one by one", exc_info=True)
            for message in messages:
                self._store_alone(message)

    def _store_alone(self, message: Message) -> None:
        try:
            self._store([message])
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            self.counts["failed"] += 1
            logger.warning("a message on %s is not stored", message.address.topic, exc_info=True)

    def _addressed(self, batch: Sequence[Heard]) -> list[Message]:
        """Return what is on the topic of a device of that owner; count the rest."""
        addressed = [(heard, address_of(heard.topic)) for heard in batch]
        devices = _devices({address.udid for _, address in addressed if address is not None})
        found = []
        for heard, address in addressed:
            if address is None:
                self.counts["elsewhere"] += 1
                continue
            device = devices.get(address.udid)
            if device is not None and device.organization.owner_id != address.owner:
                device = None
            said = read_message(heard.payload) if address.suffix == STATUS else NOTHING
            if device is None and said.registration is None:
                self.counts["unknown device"] += 1
                continue
            found.append(Message(heard, address, said, device))
        return found

    def _store(self, messages: Sequence[Message]) -> None:
        """Store a batch in one transaction; what follows, follows its commit."""
        # What was retained is of some earlier time, and says nothing about now.
        fresh = [message for message in messages if not message.heard.retained]
        signs = [sign for message in fresh if (sign := _sign(message)) is not None]
        kept = [seen for message in fresh if (seen := self._seen(message)) is not None]
        with transaction.atomic():
            signs_store(signs)
            messages_keep(kept)
        self.pushing.heard(signs)
        self._prune(kept)
        follow([_followed(sign) for sign in signs if not sign.is_gone])
        self.telling.add(message.device for message in messages if message.device is not None)
        for message in fresh:
            self._converse(message)

    def idle(self) -> None:
        """Publish what waits, and tell the pages."""
        self.pushing.turn()
        self.offering.turn()
        while publications_send(self._publish) == AT_ONCE:
            pass
        self.telling.flush()

    def _publish(self, topic: str, payload: bytes) -> None:
        """Say it, and know it again when the broker passes it on to the bridge, too."""
        self._own[(topic, payload)] += 1
        self.say(topic, payload)

    def _seen(self, message: Message) -> Seen | None:
        """Return the message as it is kept, once for those that the console itself published."""
        heard, device, suffix = message.heard, message.device, message.address.suffix
        if device is None:
            return None
        if suffix:
            return Seen(device.pk, heard.at, Direction.IN, suffix, heard.payload)
        key = (heard.topic, heard.payload)
        if self._own[key] > 0:
            self._own[key] -= 1
            return None
        return Seen(device.pk, heard.at, Direction.OUT, "", _shown(heard.payload))

    def _prune(self, kept: Sequence[Seen]) -> None:
        self._unpruned.update(seen.device_id for seen in kept)
        due = [pk for pk, count in self._unpruned.items() if count >= PRUNED_EVERY]
        messages_prune(due)
        for pk in due:
            del self._unpruned[pk]
        if len(self._own) > MOST_OWN:
            self._own.clear()

    def _converse(self, message: Message) -> None:
        """Answer a registration, take a question, note an answer."""
        said, device = message.said, message.device
        if said.registration is not None:
            self._register(message, said.registration)
        if device is None:
            return
        actor = gateway_actor(message.heard.address, credential="MQTT topic")
        if said.asked is not None:
            asked = said.asked
            question_ask(
                actor,
                device=device,
                title=asked.title,
                body=asked.body,
                wants_bool=asked.wants_bool,
            )
        if said.answer is not None:
            question_confirmed(actor, device=device)

    def _register(self, message: Message, registration: Registration) -> None:
        after: After = []
        answer = register(message.heard, message.address, registration, after)
        if answer is not None:
            self.say(message.address.device_topic, answer)
        for noted in after:
            noted()


def _devices(udids: set[UUID]) -> dict[UUID, Device]:
    rows = Device.objects.filter(uid__in=udids, organization__is_active=True)
    return {row.uid: row for row in rows.select_related("organization", "state").order_by()}


def _sign(message: Message) -> Sign | None:
    said, device = message.said, message.device
    if message.address.suffix != STATUS or device is None or said.registration:
        return None
    if said.is_gone:
        return Sign(device, message.heard.at, is_gone=True)
    return Sign(device, message.heard.at, said.status, since=message.heard.since)


def _shown(payload: bytes) -> bytes:
    """Return what an owner's client told the device, without what may be secret."""
    try:
        return masked(payload.decode()).encode("utf-8", "replace")
    except UnicodeDecodeError:
        return payload


def _followed(sign: Sign) -> Sample:
    device = sign.device
    status, level = (None, "") if sign.status is None else read_status(sign.status)
    return Sample(
        device_id=device.pk,
        uid=device.udid,
        organization_id=device.organization_id,
        organization_uid=f"{device.organization.uid}",
        at=sign.at,
        status=status,
        level=level,
        rssi="",
        snr="",
        has_chain=getattr(device, "state", None) is not None and device.state.has_chain,
    )
