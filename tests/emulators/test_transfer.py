"""Deployed libraries, byte by byte, while their device goes to another organization."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from devices.models import Device, DeviceState
from fleet.transfers.moving import transfers_move
from fleet.transfers.services import transfer_accept
from tests.emulators.esp8266 import Esp8266
from tests.emulators.python_linux import PythonLinux
from tests.emulators.wire import Place
from tests.factories.fleet import make_transfer, other_side
from tests.factories.keys import make_api_key
from tests.gateway.live import live_console
from tests.gateway.mqtt.conftest import BrokerThread
from tests.support.waiting import wait_until


@pytest.mark.django_db(transaction=True)
def test_libraries_keep_calling_while_they_change_hands(acme, umbrella, alice, mallory):
    with live_console() as url, BrokerThread() as broker:
        port = int(url.rpartition(":")[2])
        boards = [
            library(Place(acme.owner_id, make_api_key(acme)[1], port, broker.port), mac=mac)
            for library, mac in ((Esp8266, "5CCF7F000021"), (PythonLinux, "5CCF7F000022"))
        ]
        for board in boards:
            board.check_in()
            assert board.connect().is_accepted
        other = make_api_key(acme, alias="other")[1]

        devices = list(Device.objects.select_related("organization", "state"))
        sent = make_transfer(devices, umbrella.owner_id, user=alice)
        transfer_accept(Actor.for_user(mallory), party=other_side(sent))
        assert transfers_move(Actor.named_system("worker")) == 2

        for board in boards:
            # The broker ends what was the former owner's.
            wait_until(board.mqtt._gone.is_set, 60)
            board.mqtt.close()
            old_topic = board.topic
            # It calls under the owner that it knows, is told the new one, and calls on.
            board.check_in()
            assert board.owner == umbrella.owner_id
            seen = DeviceState.objects.get(device__uid=board.udid).checkins
            board.check_in()
            assert DeviceState.objects.get(device__uid=board.udid).checkins == seen + 1
            again = board.connect()
            assert again.is_accepted
            assert again.subscribe(f"/{umbrella.owner_id}/{board.udid}")
            assert not again.subscribe(old_topic)
            again.close()
            board.place = Place(acme.owner_id, other, port, broker.port)
            assert not board.connect().is_accepted
            board.mqtt.close()
    assert {*Device.objects.values_list("organization__name", flat=True)} == {"Umbrella"}
