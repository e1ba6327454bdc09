"""What the broker knows of what the console says: whether it has reached the other end."""

from __future__ import annotations

import socket

import pytest

from tests.gateway.mqtt.conftest import wait_for

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
# More than the device's end of a connection holds.
MANY, BIG, ROOM = 8, b"x" * 512 * 1024, 64 * 1024


def topic_of(device) -> str:
    return f"/{device.organization.owner_id}/{device.udid}"


def test_message_is_on_its_way_until_the_device_takes_it(broker, connect, probe, acme_key):
    topic = topic_of(probe)
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic)
    wait_for(lambda: not broker.broker.is_on_its_way(topic), 60)
    device.paho.loop_stop()
    device.paho.socket().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    for _ in range(MANY):
        broker.broker.say(topic, BIG)
    assert broker.broker.is_on_its_way(topic)
    wait_for(lambda: not broker.broker._broadcast_queue.holds(topic), 60)
    assert broker.broker.is_on_its_way(topic)
    device.paho.loop_start()
    wait_for(lambda: not broker.broker.is_on_its_way(topic), 60)
    wait_for(lambda: len(device.messages) == MANY, 60)


def test_connection_is_known_by_the_moment_it_began(broker, connect, probe, acme_key):
    topic = topic_of(probe)
    assert broker.broker.listens_since(topic) is None
    first = connect(probe.udid, acme_key[1], client_id="probe")
    first.subscribe(topic)
    began = broker.broker.listens_since(topic)
    again = connect(probe.udid, acme_key[1], client_id="probe")
    again.subscribe(topic)
    assert broker.broker.listens_since(topic) > began
    again.close()
    wait_for(lambda: broker.broker.listens_since(topic) is None, 60)


def test_device_counts_before_others_who_listen_to_its_topic(broker, connect, probe, acme_key):
    topic = topic_of(probe)
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic)
    began = broker.broker.listens_since(topic)
    owner = connect(probe.organization.owner_id, acme_key[1])
    owner.subscribe(topic)
    assert broker.broker.listens_since(topic) == began
    device.close()
    wait_for(lambda: broker.broker.listens_since(topic) not in {None, began}, 60)
