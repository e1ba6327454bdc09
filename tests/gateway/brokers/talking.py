"""What clients of a broker say and hear, whichever broker it is."""

from __future__ import annotations

import contextlib
import uuid

from tests.gateway.brokers.conftest import PATIENCE
from tests.gateway.mqtt.conftest import wait_for


def subscribe(client, topic):
    """Subscribe, and return when the broker has said or done something about it."""
    _, mid = client.paho.subscribe(topic, qos=1)
    wait_for(lambda: mid in client.acks or client.gone.is_set(), PATIENCE)


def publish(client, topic, payload, **options):
    """Publish, and return when the broker has taken it, or the client was thrown out."""
    sent = client.paho.publish(topic, payload, qos=1, **options)
    wait_for(lambda: sent.is_published() or client.gone.is_set(), PATIENCE)


def heard(client, *expected):
    """Wait for the last of the messages; return whether there were no others."""
    wait_for(lambda: expected[-1] in client.messages, PATIENCE)
    return client.messages == list(expected)


def subscribed_until_heard(until_accepted, console, udid, key, topic):
    """Return a client of a device that hears a topic which it was given just now."""
    subscribe(console, topic)

    def attempt():
        client = until_accepted(udid, key)
        subscribe(client, topic)
        publish(console, topic, "hello")
        with contextlib.suppress(AssertionError):
            wait_for(lambda: (topic, b"hello") in client.messages, 2)
        return client if client.messages else None

    return wait_for(attempt, PATIENCE)


def until_silent(until_accepted, console, client, topic):
    """Wait until a client hears nothing more of a topic, though others do."""

    def attempt():
        word = uuid.uuid4().hex
        publish(console, topic, word)
        wait_for(lambda: (topic, word.encode()) in console.messages, PATIENCE)
        with contextlib.suppress(AssertionError):
            return wait_for(lambda: (topic, word.encode()) in client.messages, 1) and None
        return True

    wait_for(attempt, PATIENCE)
