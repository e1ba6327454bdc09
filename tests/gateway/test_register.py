"""POST /device/register: contract 1.2, row by row."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from devices.mesh_services import mesh_attach, mesh_create, mesh_detach
from devices.models import Device, DeviceState
from keys.models import ApiKey
from keys.services import api_key_revoke, firmware_key_for, key_digest
from tests.factories.accounts import OrganizationFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

pytestmark = pytest.mark.django_db
UDID = "7a3d2f10-0000-11ee-8000-5ccf7f012345"


def refusal(said):
    assert said["success"] is False
    return said["response"]


# --- Refusals --------------------------------------------------------------------------------


def test_no_body_is_400(register):
    response, said = register(body="")
    assert (response.status_code, refusal(said)) == (400, "no_body")


@pytest.mark.parametrize("body", ["{}", '{"registration":{}}', "[]", "junk", '{"registration":5}'])
def test_body_without_registration_is_400(register, body):
    response, said = register(body=body)
    assert (response.status_code, refusal(said)) == (400, "request_invalid")


def test_missing_key_is_authentication_error_and_audited_once_a_minute(register, acme):
    for _ in range(3):
        response, said = register(header=None)
        assert (response.status_code, refusal(said)) == (200, "authentication_error")
    event = AuditEvent.objects.get(organization=acme, verb="devices.refused")
    assert event.data["reason"] == "authentication_error"


def test_missing_key_of_nobody_costs_no_query(register, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert refusal(register(header=None, owner="nobody")[1]) == "authentication_error"


def test_authorization_header_is_no_key(acme, key):
    body = json.dumps({"registration": {"owner": acme.owner_id, "mac": "5CCF7F012345"}})
    response = Client().post(
        "/device/register",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert refusal(response.json()) == "authentication_error"


@pytest.mark.parametrize("owner", ["", "short", "AB" * 32, None, 5, "a" * 63, "<script>"])
def test_bad_owner_is_told(register, owner, django_assert_num_queries):
    with django_assert_num_queries(0):
        response, said = register(owner=owner)
    assert response.status_code == 200
    assert refusal(said) == f"invalid owner:{'' if owner is None else owner}"


def test_unknown_owner_has_no_keys(register):
    assert refusal(register(owner="ab" * 32)[1]) == "apikey_not_found"


def test_owner_without_keys_has_no_keys(register):
    other = OrganizationFactory(name="Keyless")
    assert refusal(register(owner=other.owner_id)[1]) == "apikey_not_found"


def test_wrong_key_is_refused_and_audited_once_a_minute(register, acme):
    for _ in range(3):
        assert refusal(register(header="f" * 64)[1]) == "owner_found_but_no_key"
    assert AuditEvent.objects.filter(organization=acme, verb="devices.refused").count() == 1
    assert not Device.objects.exists()


def test_foreign_key_is_refused(register, foreign_key):
    assert refusal(register(header=foreign_key)[1]) == "owner_found_but_no_key"


def test_key_of_the_parent_organization_is_refused(register, acme):
    child = OrganizationFactory(name="Child", parent=acme)
    make_api_key(child)
    assert refusal(register(owner=child.owner_id)[1]) == "owner_found_but_no_key"


@pytest.mark.parametrize("cut", [slice(0, 63), slice(1, None), slice(10, 40), slice(0, 8)])
def test_part_of_a_key_is_refused_without_a_query(register, key, cut, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert refusal(register(header=key[cut])[1]) == "owner_found_but_no_key"


def test_revoked_and_expired_keys_are_refused(register, acme, key, system):
    row = ApiKey.objects.get(organization=acme)
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal(register()[1]) == "owner_found_but_no_key"
    ApiKey.objects.update(expires_at=None)
    assert register()[1]["registration"]["success"]
    api_key_revoke(system, key=row)
    assert refusal(register()[1]) == "owner_found_but_no_key"


def test_closed_organization_is_refused(register, acme):
    acme.is_active = False
    acme.save(update_fields=["is_active"])
    assert refusal(register()[1]) == "owner_found_but_no_key"


def test_neither_mac_nor_udid_is_refused(register):
    assert refusal(register(mac="", udid="0")[1]) == "missing_mac"
    assert not Device.objects.exists()


def test_other_methods_are_405(db):
    for method in ("get", "put", "delete", "head"):
        response = getattr(Client(), method)("/device/register")
        assert response.status_code == 405
        assert response["Allow"] == "POST"


def test_store_failure_is_told(register, probe, monkeypatch):
    def broken(*_, **__):
        raise DatabaseError("disk full")

    monkeypatch.setattr("gateway.services.device_report", broken)
    response, said = register()
    assert response.status_code == 200
    assert refusal(said) == {"registration": {"success": False, "response": "device_update_failed"}}


# --- New devices -----------------------------------------------------------------------------


def test_new_device_is_registered(checked_in, acme):
    said = checked_in(alias="pump", platform="Arduino:ESP8266", version="1.2.3", firmware="x:1.2.3")
    device = Device.objects.select_related("state").get()
    assert list(said) == [
        "success",
        "owner",
        "alias",
        "udid",
        "iv",
        "status",
        "meshes",
        "timestamp",
    ]
    assert said["success"] is True
    assert said["status"] == "OK"
    assert said["owner"] == acme.owner_id
    assert (said["alias"], said["udid"]) == ("pump", device.udid)
    assert len(base64.b64decode(said["iv"])) == 16
    assert said["meshes"] == []
    assert abs(said["timestamp"] - time.time()) < 5
    assert device.organization == acme
    assert device.mac == "5C:CF:7F:01:23:45"
    assert device.platform == "arduino:esp8266"
    assert device.auto_update is False
    assert (device.state.version, device.state.checkins) == ("1.2.3", 1)
    assert AuditEvent.objects.filter(organization=acme, verb="devices.registered").count() == 1


def test_hash_of_the_key_is_accepted(checked_in, key):
    assert checked_in(header=hashlib.sha256(key.encode()).hexdigest())["success"]


def test_header_without_space_and_in_any_case_is_accepted(checked_in, key):
    assert checked_in(header=key.upper())["success"]


@pytest.mark.parametrize("alias", [None, "", "unnamed", "null"])
def test_nameless_device_gets_a_name(checked_in, alias):
    said = checked_in(alias=alias)
    assert said["alias"]
    assert said["alias"] not in {"unnamed", "null", "None"}


def test_valid_udid_of_a_new_device_is_kept(checked_in):
    assert checked_in(udid=UDID)["udid"] == UDID


@pytest.mark.parametrize("udid", ["0", "", None, "stale", "0" * 36])
def test_invalid_udid_is_replaced(checked_in, udid):
    said = checked_in(udid=udid)
    assert uuid.UUID(said["udid"])
    assert said["udid"] != udid


def test_zero_mac_is_no_mac(checked_in):
    one = checked_in(mac="00:00:00:00:00:00")
    two = checked_in(mac="000000000000")
    assert one["udid"] != two["udid"]
    assert set(Device.objects.values_list("mac", flat=True)) == {""}


# --- Known devices ---------------------------------------------------------------------------


def test_known_device_checks_in_by_udid(checked_in, probe, acme):
    said = checked_in(udid=probe.udid, mac="00:00:00:00:00:00", alias="renamed by the device")
    assert said == {
        "success": True,
        "status": "OK",
        "auto_update": False,
        "owner": acme.owner_id,
        "alias": "probe",
        "mesh_ids": [],
        "udid": probe.udid,
        "timestamp": said["timestamp"],
    }
    probe.refresh_from_db()
    assert (probe.alias, probe.mac) == ("probe", "5C:CF:7F:01:23:45")


@pytest.mark.parametrize("mac", ["5CCF7F012345", "5c:cf:7f:01:23:45", "5C-CF-7F-01-23-45"])
def test_known_device_without_udid_is_found_by_its_mac(checked_in, probe, mac):
    assert checked_in(udid="0", mac=mac)["udid"] == probe.udid
    assert Device.objects.count() == 1


def test_udid_wins_over_mac(checked_in, acme, probe):
    other = DeviceFactory(organization=acme, mac="5C:CF:7F:AA:AA:AA")
    assert checked_in(udid=other.udid, mac=probe.mac)["udid"] == other.udid
    other.refresh_from_db()
    assert other.mac == "5C:CF:7F:AA:AA:AA"


def test_changed_mac_is_adopted(checked_in, probe):
    assert checked_in(udid=probe.udid, mac="5CCF7FBBBBBB")["udid"] == probe.udid
    probe.refresh_from_db()
    assert probe.mac == "5C:CF:7F:BB:BB:BB"


def test_udid_of_another_owner_is_never_matched(checked_in, umbrella):
    foreign = DeviceFactory(organization=umbrella, mac="5C:CF:7F:CC:CC:CC", alias="theirs")
    said = checked_in(udid=foreign.udid, mac="5CCF7FDDDDDD", version="6.6.6")
    assert said["udid"] != foreign.udid
    foreign.refresh_from_db()
    foreign.state.refresh_from_db()
    assert (foreign.alias, foreign.mac) == ("theirs", "5C:CF:7F:CC:CC:CC")
    assert foreign.state.version == ""
    assert Device.objects.count() == 2


def test_mac_of_another_owner_is_never_matched(checked_in, umbrella):
    foreign = DeviceFactory(organization=umbrella, mac="5C:CF:7F:01:23:45")
    said = checked_in(udid="0", mac="5CCF7F012345")
    assert said["udid"] != foreign.udid


def test_device_wins_for_what_it_reports(checked_in, probe):
    checked_in(
        version="2.0.0",
        firmware="repo:2.0.0",
        env_hash="a" * 64,
        push="token",
        platform="Arduino",
        lat="50.08",
        lon=14.42,
        fcid="00ab",
        status="fine",
        snr=7,
        rssi=-60,
        station="S1",
        commit="abc",
        checksum="def",
    )
    probe.refresh_from_db()
    state = DeviceState.objects.get(device=probe)
    assert (probe.platform, probe.fcid) == ("arduino", "00AB")
    assert (state.version, state.firmware, state.env_hash) == ("2.0.0", "repo:2.0.0", "a" * 64)
    assert (state.lat, state.lon) == (50.08, 14.42)
    assert (state.rssi, state.snr, state.station) == ("-60", "7", "S1")
    assert (state.status, state.push_token) == ("fine", "token")
    assert state.checkins == 1
    checked_in(version="2.0.1")
    state.refresh_from_db()
    assert (state.rssi, state.snr, state.station) == ("", "", "")
    assert (state.version, state.firmware, state.lat) == ("2.0.1", "repo:2.0.0", 50.08)
    assert state.checkins == 2


WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "at", "name", "hours"),
    [
        ({}, WINTER, "UTC", 0),
        ({"timezone_offset": "-3.5"}, SUMMER, "UTC", -3.5),
        ({"timezone_abbr": "Europe/Prague"}, WINTER, "Europe/Prague", 1),
        ({"timezone_abbr": "Europe/Prague", "timezone_offset": 1}, SUMMER, "Europe/Prague", 2),
        ({"timezone_abbr": "CET", "timezone_offset": 1}, SUMMER, "CET", 2),
        ({"timezone_abbr": "CEST", "timezone_offset": 2}, SUMMER, "CEST", 2),
        ({"timezone_abbr": "", "timezone_offset": 99}, SUMMER, "UTC", 0),
        ({"timezone_abbr": "../../etc/passwd"}, SUMMER, "../../etc/passwd", 0),
    ],
)
def test_time_zone_of_a_new_device_knows_summer_time(
    checked_in, monkeypatch, said, at, name, hours
):
    monkeypatch.setattr(timezone, "now", lambda: at)
    monkeypatch.setattr("gateway.callers.api_key_authenticate", _key_for_ever)
    checked_in(**said)
    state = DeviceState.objects.get()
    assert (state.timezone_name, state.timezone_offset) == (name, hours)


def _key_for_ever(credential, **_):
    return ApiKey.objects.select_related("organization").get(digest=key_digest(credential))


def test_time_zone_of_the_console_wins_over_the_devices(checked_in, probe):
    checked_in(timezone_abbr="Europe/Prague")
    state = DeviceState.objects.get(device=probe)
    assert state.timezone_name == "Europe/Prague"
    checked_in(timezone_abbr="America/New_York", timezone_offset=-5)
    state.refresh_from_db()
    assert state.timezone_name == "Europe/Prague"


def test_hours_follow_the_zone_through_the_year(probe, monkeypatch):
    state = DeviceState(device=probe, timezone_name="Europe/Prague", timezone_offset=1)
    for at, hours in ((WINTER, 1), (SUMMER, 2)):
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        assert state.utc_offset == hours


@pytest.mark.parametrize("push", ["<script>", "a b", ["x"], {"a": 1}])
def test_push_token_that_is_none_is_not_kept(checked_in, probe, push):
    checked_in(push="token")
    checked_in(push=push)
    assert DeviceState.objects.get().push_token == "token"


@pytest.mark.parametrize(
    ("status", "shown", "level"),
    [
        ("Battery 3.1 V #w", "Battery 3.1 V", "warning"),
        ("#E pump stuck", "pump stuck", "error"),
        ("#w and #e", "and", "error"),
        ("all #well", "all #well", "ok"),
    ],
)
def test_status_tags_become_a_level(checked_in, probe, status, shown, level):
    checked_in(status=status)
    state = DeviceState.objects.get(device=probe)
    assert (state.status, state.level) == (shown, level)


def test_device_without_a_state_row_gets_one(checked_in, probe):
    DeviceState.objects.all().delete()
    checked_in(version="1.0.0")
    assert DeviceState.objects.get().version == "1.0.0"


def test_check_in_of_a_known_device_takes_six_queries(
    checked_in, register, probe, django_assert_max_num_queries
):
    checked_in()  # the key's last use is written once a minute
    with django_assert_max_num_queries(6):
        register(udid=probe.udid, version="3.0.0", status="moving", rssi="-70")


# --- Firmware keys ---------------------------------------------------------------------------


def test_firmware_key_speaks_for_its_device_only(checked_in, register, probe, acme, system):
    own = firmware_key_for(system, device=probe)
    other = DeviceFactory(organization=acme)
    assert checked_in(header=own, udid="0", mac="00:00:00:00:00:00")["udid"] == probe.udid
    assert checked_in(header=own, udid=probe.udid)["udid"] == probe.udid
    assert refusal(register(header=own, udid=other.udid)[1]) == "owner_found_but_no_key"
    assert checked_in(header=own, udid="0", mac=other.mac)["udid"] == probe.udid


# --- Sigfox ----------------------------------------------------------------------------------


def test_sigfox_downlink_is_answered_and_the_check_in_processed(register, acme):
    DeviceFactory(organization=acme, mac="SIGFOX4D2F1A")
    _, said = register(mac="SIGFOX4d2f1a", ack="true", status="0123456789abcdef0123", snr=5)
    assert said == {"4D2F1A": {"downlinkData": "0123456789abcdef"}}
    assert DeviceState.objects.get().snr == "5"


# --- The way in ------------------------------------------------------------------------------


def test_device_may_call_the_server_by_any_name(acme, key):
    body = json.dumps({"registration": {"owner": acme.owner_id, "mac": "5CCF7F012345"}})
    response = Client().post(
        "/device/register",
        body,
        content_type="application/json",
        headers={"Authentication": key, "Host": "thinx.cloud:7442", "Origin": "device"},
    )
    assert response.json()["registration"]["success"]
    assert not response.cookies
    assert "Content-Security-Policy" not in response
    assert "Vary" not in response


# --- Meshes ----------------------------------------------------------------------------------


def test_new_device_is_told_that_it_has_no_meshes(checked_in):
    assert checked_in()["meshes"] == []


def test_known_device_is_told_its_meshes_until_it_leaves(checked_in, acme, system):
    mesh = mesh_create(system, organization=acme, mesh_id="greenhouse")
    udid = checked_in()["udid"]
    device = Device.objects.get(uid=udid)
    mesh_attach(system, mesh=mesh, device=device)
    assert checked_in(udid=udid)["mesh_ids"] == ["greenhouse"]
    mesh_detach(system, mesh=mesh, device=device)
    assert checked_in(udid=udid)["mesh_ids"] == []


def test_device_that_is_to_update_is_told_its_meshes(checked_in, acme, publish, system):
    udid = checked_in()["udid"]
    device = Device.objects.get(uid=udid)
    mesh_attach(system, mesh=mesh_create(system, organization=acme, mesh_id="attic"), device=device)
    publish(device, deliver=True)
    said = checked_in(udid=udid)
    assert (said["status"], said["mesh_ids"]) == ("FIRMWARE_UPDATE", ["attic"])
