"""Two organizations, and a device that goes from one to the other."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from devices.models import Device, DeviceState
from fleet.transfers.moving import transfers_move
from fleet.transfers.services import transfer_accept
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer, other_side
from tests.factories.keys import make_api_key

MAC = "5C:CF:7F:01:23:45"


@pytest.fixture
def sensor(acme):
    """A device of Acme that has not called yet."""
    return DeviceFactory(organization=acme, alias="sensor", mac=MAC)


@pytest.fixture
def calls():
    """Check a device in over HTTP by an owner and a key; return its answer."""

    def send(device, owner, key, **fields):
        said = {"owner": owner, "mac": device.mac, "udid": device.udid, **fields}
        answer = Client().post(
            "/device/register",
            json.dumps({"registration": said}),
            content_type="application/json",
            headers={"Authentication": key},
        )
        assert answer.status_code == 200
        told = json.loads(answer.content)
        return told.get("registration", told)

    return send


@pytest.fixture
def key_of(acme):
    """Give a device a key of its own that it has called with; return the text."""

    def make(device):
        key, text = make_api_key(acme, alias=f"key of {device}")
        DeviceState.objects.filter(device=device).update(last_key_prefix=key.prefix)
        return text

    return make


@pytest.fixture
def hand_over(alice, mallory, umbrella, act):
    """Offer devices as alice, accept them as mallory, and move them; return Umbrella's side."""

    def move(*devices: Device, **options):
        sent = make_transfer(list(devices), umbrella.owner_id, user=alice, **options)
        party = other_side(sent)
        transfer_accept(act(mallory), party=party)
        transfers_move(act(mallory), uid=party.transfer.uid)
        return other_side(sent)

    return move
