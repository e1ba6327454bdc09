"""Unmodified THiNX devices live with both profiles: register, MQTT, push, update, wills."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import replace

import pytest
from django.db import connections

from devices.models import Device, DeviceState
from gateway.mqtt.mosquitto.writer import Writer
from tests.emulators.esp32 import Esp32
from tests.emulators.esp8266 import Esp8266
from tests.emulators.javascript import JavaScript
from tests.emulators.journey import Journey
from tests.emulators.lua import Lua
from tests.emulators.mongoose import Mongoose
from tests.emulators.python_linux import PythonLinux
from tests.emulators.stage import Embedded, Server
from tests.emulators.wire import Place
from tests.factories.keys import make_api_key
from tests.gateway.live import live_console
from tests.gateway.mqtt.conftest import BrokerThread
from tests.gateway.test_handover import hand_over
from tests.support.console import private_console
from tests.support.mosquitto import private_mosquitto
from tests.support.rabbitmq import private_rabbitmq

EMAIL = "operator@example.com"


@contextlib.contextmanager
def embedded_broker():
    """The broker of the embedded profile beside the console."""
    with live_console() as url, BrokerThread() as broker:
        yield url, broker.port


@contextlib.contextmanager
def rabbitmq():
    """RabbitMQ, asking the console."""
    with live_console(THINX_MQTT_BROKER="rabbitmq") as url, private_rabbitmq(url) as broker:
        yield url, broker.mqtt


@contextlib.contextmanager
def mosquitto():
    """Mosquitto, with the files that a writer keeps for it."""
    with private_mosquitto() as broker:
        environment = {
            "THINX_MQTT_BROKER": "mosquitto",
            "THINX_MQTT_PORT": f"{broker.port}",
            "THINX_MQTT_FOLDER": f"{broker.folder}",
            "THINX_MQTT_PID_FILE": f"{broker.pid_file}",
        }
        writer = Writer(broker.folder, broker.pid_file, ("127.0.0.1", broker.port))
        with live_console(**environment) as url, _rounds_of(writer):
            yield url, broker.port


@contextlib.contextmanager
def _rounds_of(writer):
    done = threading.Event()

    def run():
        while not done.wait(0.1):
            writer.round()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(60)


BROKERS = [embedded_broker, rabbitmq, mosquitto]


@pytest.fixture(params=BROKERS, ids=[broker.__name__ for broker in BROKERS])
def server(request, transactional_db, acme):
    """The server's processes on the database of the test: granian, and a broker."""
    with request.param() as (url, mqtt_port):
        port = int(url.rpartition(":")[2])
        yield Server(Place(acme.owner_id, make_api_key(acme)[1], port, mqtt_port))


@pytest.mark.django_db(transaction=True)
def test_every_library_lives_with_the_server_profile(server, umbrella):
    journey = Journey(server)
    journey.go()
    assert Device.objects.count() == 6
    _refusals_hurt_no_library(server.place)
    assert Device.objects.count() == 6
    _board_follows_its_new_owner(journey.esp8266, umbrella)
    assert Device.objects.count() == 6


def _board_follows_its_new_owner(board: Esp8266, umbrella) -> None:
    """Handed over, it is told whose it is, keeps that, and calls under that name from then on."""
    device = Device.objects.select_related("organization").get(uid=board.udid)
    hand_over(device, umbrella)
    board.check_in()
    assert board.saved["owner"] == umbrella.owner_id
    key = make_api_key(umbrella)[1]
    board.place = replace(board.place, key=key)
    seen = DeviceState.objects.get(device=device).checkins
    board.check_in()
    assert DeviceState.objects.get(device=device).checkins == seen + 1


def _refusals_hurt_no_library(place: Place) -> None:
    """A wrong key changes nothing on a device, and stops none that the answer could stop."""
    wrong = Place(place.owner, "f" * 64, place.http_port, place.mqtt_port)
    boards = [Esp8266(wrong, mac="5CCF7F000001"), Esp32(wrong, mac="5CCF7F000002")]
    others = [Lua(wrong, mac="5CCF7F000003"), Mongoose(wrong, mac="5CCF7F000004")]
    for library in (*boards, *others):
        assert library.check_in().status == 200
        assert (library.owner, library.udid) == (place.owner, "")
    python = PythonLinux(wrong, mac="5CCF7F000005")
    python.check_in()
    assert python.warnings == ["owner_found_but_no_key"]
    node = JavaScript(wrong, mac="5CCF7F000006")
    node.check_in()
    assert node.log == ["Response status not OK"]


@pytest.mark.ops
@pytest.mark.once
def test_every_library_lives_with_the_embedded_profile():
    with private_console(
        THINX_BOOTSTRAP_EMAIL=EMAIL, THINX_BOOTSTRAP_PASSWORD="correct horse battery"
    ) as console:
        made = json.loads(
            console.manage("create_api_key", "--email", EMAIL, "--alias", "devices", "--json")
        )
        place = Place(
            made["owner_id"],
            made["api_key"],
            http_port=int(console.url.rpartition(":")[2]),
            mqtt_port=int(console.env["THINX_MQTT_PORT"]),
            https_port=int(console.env["THINX_HTTPS_PORT"]),
        )
        Journey(Embedded(console, place, console.rest(EMAIL, "looks"))).go()
