"""Closes connections whose key is not valid any more, and lets go of client ids nobody uses."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core.connections import refresh_connections
from devices.models import Device
from gateway.models import MqttClient
from gateway.mqtt.access import live_keys
from gateway.mqtt.rabbitmq.management import Management, ManagementError, client_of
from gateway.mqtt.service import SERVICE_USER

logger = logging.getLogger(__name__)

# Often enough that a revoked key is out within five seconds.
SECONDS_BETWEEN = 1.5
SECONDS_BETWEEN_LISTS = 30.0
# A connection that is being made is listed a little later; until then its end is looked for.
SETTLING = timedelta(seconds=10)
# As long as RabbitMQ keeps a session for an absent client (mqtt.subscription_ttl).
SESSION = timedelta(days=1)
MOST_AT_ONCE = 1000
REASON = "the key is not valid any more, or the device left a mesh"


class Guard:
    """One round after the other; a round that fails is tried again with the next."""

    def __init__(self, management: Management) -> None:
        self.management = management
        self._listed_at = 0.0

    def round(self) -> None:
        """End what must end; now and then, go through everything that is connected."""
        refresh_connections()
        try:
            self.end_invalid()
            self.end_detached()
            if time.monotonic() - self._listed_at >= SECONDS_BETWEEN_LISTS:
                self.go_through_all()
                self._listed_at = time.monotonic()
        except ManagementError as error:
            logger.warning("connections could not be checked: %s", error)

    def end_invalid(self) -> None:
        """Close the connections and sessions of keys and devices that are not valid any more."""
        settled = timezone.now() - SETTLING
        for client in invalid_clients()[:MOST_AT_ONCE]:
            self._end(client)
            # Unless somebody valid came back meanwhile, with another key.
            MqttClient.objects.filter(
                pk=client.pk, key_id=client.key_id, connected_at__lt=settled
            ).delete()

    def end_detached(self) -> None:
        """End the sessions of devices that left a mesh: RabbitMQ asks when they subscribe, only."""
        settled = timezone.now() - SETTLING
        clients = list(MqttClient.objects.exclude(meshes=""))
        rows = Device.objects.filter(uid__in={client.udid for client in clients})
        attached: dict[Any, list[str]] = dict(rows.values_list("uid", "mesh_ids"))
        for client in clients:
            had = set(client.meshes.split())
            has = had.intersection(attached.get(client.udid, ()))
            if had != has:
                self._end(client)
                MqttClient.objects.filter(
                    pk=client.pk, meshes=client.meshes, connected_at__lt=settled
                ).update(meshes=" ".join(sorted(has)))

    def _end(self, client: MqttClient) -> None:
        for name in self.management.connections_of(client.username, client.client_id):
            logger.info("closing the connection of %s: %s", client.username, REASON)
            self.management.close(name, REASON)
        self.management.forget_session(client.client_id)

    def go_through_all(self) -> None:
        """Note which client ids are in use; close what is unknown; forget who is long gone."""
        begun = timezone.now()
        owned = dict(MqttClient.objects.values_list("client_id", "username"))
        seen: list[str] = []
        for connection in self.management.connections():
            client_id, username = client_of(connection), connection.get("user")
            if username == SERVICE_USER or client_id is None:
                continue
            if owned.get(client_id) == username:
                seen.append(client_id)
            elif not MqttClient.objects.filter(client_id=client_id, username=username).exists():
                logger.warning("closing a connection of %s that nobody allowed", username)
                self.management.close(connection["name"], REASON)
        for start in range(0, len(seen), MOST_AT_ONCE):
            MqttClient.objects.filter(client_id__in=seen[start : start + MOST_AT_ONCE]).update(
                seen_at=begun
            )
        for client in MqttClient.objects.filter(seen_at__lt=begun - SESSION)[:MOST_AT_ONCE]:
            self.management.forget_session(client.client_id)
            MqttClient.objects.filter(pk=client.pk, seen_at=client.seen_at).delete()


def invalid_clients() -> QuerySet[MqttClient]:
    """Return the clients whose key or owner does not count any more, or whose device went away."""
    keys = live_keys().filter(pk=OuterRef("key_id"), organization__owner_id=OuterRef("owner_id"))
    devices = Device.objects.filter(
        uid=OuterRef("udid"), organization__owner_id=OuterRef("owner_id")
    )
    gone = Q(udid__isnull=False) & ~Exists(devices)
    return MqttClient.objects.filter(~Exists(keys) | gone).order_by("pk")
