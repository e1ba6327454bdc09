"""Junk on the MQTT port ends its own connection and nothing else."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from tests.gateway.mqtt.conftest import ACCEPTED

HUNG_UP = {errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\x7f" + b"\0" * 64,
        b"\x10\x00",
        b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x0a\x00\x00",
        b"\x30\x05\x00\x03abc",
        os.urandom(1_000_000),
    ],
    ids=["http", "huge", "empty", "mqtt5", "publish-first", "random-megabyte"],
)
def test_junk_ends_its_own_connection_only(broker, connect, probe, acme_key, junk):
    with socket.create_connection(("127.0.0.1", broker.port), timeout=15) as stranger:
        try:
            stranger.sendall(junk)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(4096):
                pass
        except TimeoutError:
            pytest.fail("the broker kept the connection")
        except OSError as error:  # it may hang up at any moment; ENOTCONN has no class of its own
            if error.errno not in HUNG_UP:
                raise
    assert connect(probe.udid, acme_key[1]).answer == ACCEPTED


def test_oversized_publish_ends_the_connection(connect, acme, probe, acme_key):
    from tests.gateway.mqtt.conftest import wait_for

    device = connect(probe.udid, acme_key[1])
    device.paho.publish(f"/{acme.owner_id}/{probe.udid}", b"x" * 2_000_000, qos=1)
    wait_for(device.gone.is_set)
    assert connect(probe.udid, acme_key[1]).answer == ACCEPTED
