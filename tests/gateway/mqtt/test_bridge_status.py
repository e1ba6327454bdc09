"""What devices say on their status topic becomes their state, with the console's own broker."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from devices.models import Device, DeviceState
from gateway import following
from keys.services import firmware_key_for
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.gateway.mqtt.conftest import wait_for


@pytest.fixture
def state_of(db):
    return lambda device: DeviceState.objects.get(device=device)


@pytest.fixture
def followed(monkeypatch):
    heard = []
    monkeypatch.setattr(following, "FOLLOWERS", (heard.extend,))
    return heard


def topic(device):
    return f"/{device.organization.owner_id}/{device.udid}"


def test_status_is_stored_with_its_level_and_followed(connect, probe, acme_key, state_of, followed):
    before = timezone.now()
    connect(probe.udid, acme_key[1]).publish(f"{topic(probe)}/status", '{ status: "Hot #e" }')
    state = wait_for(lambda: (s := state_of(probe)).status == "Hot" and s)
    assert (state.level, state.checkins) == ("error", 0)
    assert state.last_seen_at >= before
    wait_for(lambda: [one.status for one in followed] == ["Hot"])
    assert (followed[0].device_id, followed[0].level) == (probe.pk, "error")


def test_plain_text_is_a_status(connect, probe, acme_key, state_of):
    connect(probe.udid, acme_key[1]).publish(f"{topic(probe)}/status", "Door open")
    wait_for(lambda: state_of(probe).status == "Door open")


def test_notice_without_status_keeps_the_status_and_counts_as_seen(
    connect, probe, acme_key, state_of
):
    DeviceState.objects.filter(device=probe).update(status="Fine", level="warning")
    notice = '{ title: "Update Successful", body: "It runs.", type: "success" }'
    connect(probe.udid, acme_key[1]).publish(f"{topic(probe)}/status", notice)
    state = wait_for(lambda: (s := state_of(probe)).last_seen_at and s)
    assert (state.status, state.level) == ("Fine", "warning")


def test_many_statuses_of_one_device_are_all_followed_and_the_last_one_stays(
    connect, probe, acme_key, state_of, followed
):
    device = connect(probe.udid, acme_key[1])
    for number in range(50):
        device.publish(f"{topic(probe)}/status", json.dumps({"status": f"n{number}"}))
    wait_for(lambda: state_of(probe).status == "n49")
    wait_for(lambda: [one.status for one in followed] == [f"n{n}" for n in range(50)])


def test_status_of_an_unknown_or_foreign_device_is_ignored_and_counted(
    connect, broker, acme, umbrella, acme_key, probe, state_of
):
    foreign = DeviceFactory(organization=umbrella)
    owner = connect(acme.owner_id, acme_key[1])
    # Below the own owner id, with the udid of another owner's device: the ACL lets it through.
    owner.publish(f"/{acme.owner_id}/{foreign.udid}/status", '{"status":"forged"}')
    owner.publish(f"/{acme.owner_id}/0f8fad5b-d9cb-469f-a165-70867728950e/status", "nobody")
    owner.publish(f"{topic(probe)}/status", '{"status":"last"}')
    wait_for(lambda: state_of(probe).status == "last")
    assert state_of(foreign).status == ""
    assert state_of(foreign).last_seen_at is None
    assert broker.bridge.handling.counts["unknown device"] == 2
    assert Device.objects.count() == 2


def test_retained_status_of_earlier_is_not_taken_again(connect, probe, acme_key, state_of, broker):
    device = connect(probe.udid, acme_key[1])
    device.publish(f"{topic(probe)}/status", '{"status":"connected"}', retain=True)
    wait_for(lambda: state_of(probe).status == "connected")
    DeviceState.objects.filter(device=probe).update(status="")
    device.subscribe(f"{topic(probe)}/status")
    wait_for(lambda: device.messages)
    device.publish(topic(probe), "marker")
    other = DeviceFactory(organization=probe.organization)
    connect(other.udid, acme_key[1]).publish(f"{topic(other)}/status", "later")
    wait_for(lambda: state_of(other).status == "later")
    assert state_of(probe).status == ""


def test_registration_over_mqtt_is_answered_on_the_device_topic(connect, acme, probe, acme_key):
    device = connect(probe.udid, acme_key[1])
    assert device.subscribe(topic(probe)) == 1
    body = {"mac": probe.mac, "owner": acme.owner_id, "udid": probe.udid, "version": "2.0.0"}
    device.publish(f"{topic(probe)}/status", json.dumps({"registration": body}))
    answered, payload = wait_for(lambda: device.messages)[0]
    assert answered == topic(probe)
    assert payload.startswith(b'{"registration":{"success":true,"status":"OK"')
    assert payload.endswith(b"}}")
    state = DeviceState.objects.get(device=probe)
    assert (state.version, state.checkins) == ("2.0.0", 1)
    assert state.last_key_prefix == acme_key[0].prefix


def test_owner_registers_a_new_device_over_mqtt(connect, acme, acme_key):
    udid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    owner = connect(acme.owner_id, acme_key[1])
    owner.subscribe(f"/{acme.owner_id}/{udid}")
    body = {"mac": "5CCF7F0A0B0C", "owner": acme.owner_id, "alias": "new one"}
    owner.publish(f"/{acme.owner_id}/{udid}/status", json.dumps({"registration": body}))
    said = json.loads(wait_for(lambda: owner.messages)[0][1])["registration"]
    assert (said["udid"], said["alias"]) == (udid, "new one")
    assert Device.objects.get(organization=acme).udid == udid


def test_registration_cannot_speak_for_another_device(connect, acme, probe, system):
    other = DeviceFactory(organization=acme, alias="other")
    device = connect(probe.udid, firmware_key_for(system, device=probe))
    device.subscribe(topic(probe))
    body = {"mac": other.mac, "owner": acme.owner_id, "udid": other.udid, "status": "forged"}
    device.publish(f"{topic(probe)}/status", json.dumps({"registration": body}))
    said = json.loads(wait_for(lambda: device.messages)[0][1])["registration"]
    assert said["udid"] == probe.udid
    assert DeviceState.objects.get(device=other).checkins == 0
    other.refresh_from_db()
    assert other.mac != ""


def test_registration_naming_another_owner_is_refused(connect, acme, umbrella, probe, acme_key):
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic(probe))
    body = {"mac": probe.mac, "owner": umbrella.owner_id}
    device.publish(f"{topic(probe)}/status", json.dumps({"registration": body}))
    said = json.loads(wait_for(lambda: device.messages)[0][1])
    assert said == {"success": False, "response": f"invalid owner:{umbrella.owner_id}"}
    assert DeviceState.objects.get(device=probe).checkins == 0


@pytest.mark.parametrize(
    "payload",
    [b"\xff\xfe\x00", b"\x00", b"{" * 3000, b'{"status":"\\u0000x"}', b'{"status":"\\ud800"}'],
    ids=["binary", "nul", "braces", "escaped nul", "surrogate"],
)
def test_bad_payload_stops_nothing(connect, probe, acme_key, payload, state_of):
    device = connect(probe.udid, acme_key[1])
    device.publish(f"{topic(probe)}/status", payload)
    device.publish(f"{topic(probe)}/status", "fine again")
    wait_for(lambda: state_of(probe).status == "fine again")


def test_device_deleted_meanwhile_stops_nothing(connect, acme, probe, acme_key, state_of):
    gone = DeviceFactory(organization=acme)
    owner = connect(acme.owner_id, acme_key[1])
    gone_topic = f"{topic(gone)}/status"
    gone.delete()
    owner.publish(gone_topic, "late")
    owner.publish(f"{topic(probe)}/status", "fine")
    wait_for(lambda: state_of(probe).status == "fine")


def test_key_of_another_organization_reaches_nothing(connect, umbrella, probe, state_of):
    stranger = connect(umbrella.owner_id, make_api_key(umbrella)[1])
    stranger.publish(f"{topic(probe)}/status", "forged")
    device = DeviceFactory(organization=umbrella)
    stranger.publish(f"{topic(device)}/status", "own")
    wait_for(lambda: state_of(device).status == "own")
    assert state_of(probe).status == ""
