"""Offers, tokens and downloads: contract 1.3 and 1.4."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.models import Artifact, OneTimeToken
from builds.services.tokens import token_issue, tokens_sweep
from devices.models import DeviceState
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

from .conftest import check_signature

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(acme, key):
    """POST /device/firmware as Acme."""

    def send(*, header=key, wrapper=None, **fields):
        sent = {"owner": acme.owner_id, "mac": "5CCF7F012345", **fields}
        body = json.dumps({wrapper: sent} if wrapper else sent)
        headers = {"Authentication": header} if header else {}
        return Client().post(
            "/device/firmware", body, content_type="application/json", headers=headers
        )

    return send


def fetch(ott, **headers):
    return Client().get("/device/firmware", {"ott": ott}, headers=headers)


def body_of(response):
    return response.content


# --- Offers in check-ins ---------------------------------------------------------------------


def test_newer_build_is_offered_with_a_random_token(checked_in, probe, publish):
    artifact = publish(probe)
    said = checked_in(version="1.0.6")
    assert said["status"] == "FIRMWARE_UPDATE"
    assert said["auto_update"] is True
    assert said["udid"] == probe.udid
    assert (said["mac"], said["version"]) == ("5C:CF:7F:01:23:45", "example:1.0.7")
    assert (said["md5"], said["hash"]) == (artifact.md5, artifact.sha256)
    assert len(said["ott"]) == 64
    assert said["owner"] == probe.organization.owner_id
    again = checked_in(version="1.0.6")
    assert again["ott"] != said["ott"]
    assert not OneTimeToken.objects.filter(digest=said["ott"]).exists()


@pytest.mark.parametrize(
    ("auto_update", "deliver", "offered"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_offer_needs_automatic_updates_or_delivery(
    checked_in, probe, publish, auto_update, deliver, offered
):
    probe.auto_update = auto_update
    probe.save()
    publish(probe, deliver=deliver)
    assert (checked_in(version="1.0.0")["status"] == "FIRMWARE_UPDATE") is offered


@pytest.mark.parametrize("version", ["1.0.7", "example:1.0.7", "1.0.8", "2.0"])
def test_same_or_older_build_is_not_offered(checked_in, probe, publish, version):
    publish(probe)
    assert checked_in(version=version)["status"] == "OK"


def test_changed_environment_is_offered_at_the_same_version(checked_in, probe, publish):
    publish(probe)
    assert checked_in(version="1.0.7", env_hash="d" * 64)["status"] == "FIRMWARE_UPDATE"
    assert checked_in(version="1.0.7", env_hash="cafebabe")["status"] == "OK"
    assert checked_in(version="1.0.7", env_hash="e" * 64)["status"] == "OK"


@pytest.mark.parametrize("status", [s for s in BuildStatus if s != BuildStatus.SUCCEEDED])
def test_unfinished_and_failed_builds_do_not_hide_the_good_one(checked_in, probe, publish, status):
    publish(probe)
    source = SourceFactory(organization=probe.organization)
    BuildFactory(source=source, device=probe, status=status, version="9.0.0")
    assert checked_in(version="1.0.0")["version"] == "example:1.0.7"


def test_build_of_another_device_is_not_offered(checked_in, probe, acme, publish):
    publish(DeviceFactory(organization=acme))
    assert checked_in(version="1.0.0")["status"] == "OK"


def test_new_device_is_never_offered_anything(checked_in):
    assert checked_in(version="0.0.1")["status"] == "OK"


@pytest.mark.parametrize("platform", ["sigfox", "nodejs"])
def test_platforms_without_updates_are_not_offered(checked_in, probe, publish, platform):
    publish(probe)
    assert checked_in(version="1.0.0", platform=platform)["status"] == "OK"


def test_offer_is_recorded_once(checked_in, probe, publish):
    artifact = publish(probe)
    for _ in range(3):
        checked_in(version="1.0.0")
    state = DeviceState.objects.get(device=probe)
    assert (state.offered_build, state.offer_state) == (artifact.build, "offered")
    told = AuditEvent.objects.get(verb="devices.firmware_offered")
    assert told.data["build"] == f"{artifact.build}"


# --- The loop closes -------------------------------------------------------------------------


def test_reporting_the_offered_version_is_installed(checked_in, probe, publish):
    artifact = publish(probe)
    ott = checked_in(version="1.0.0")["ott"]
    assert fetch(ott).status_code == 200
    state = DeviceState.objects.get(device=probe)
    assert state.offer_state == "downloaded"
    assert checked_in(version="1.0.7", env_hash="e" * 64)["status"] == "OK"
    state.refresh_from_db()
    assert (state.installed_build, state.offer_state) == (artifact.build, "installed")
    assert state.installed_at
    checked_in(version="1.0.7", env_hash="e" * 64)
    verbs = AuditEvent.objects.filter(target_uid=probe.uid).values_list("verb", flat=True)
    assert [*verbs.order_by("seq")] == [
        "devices.firmware_offered",
        "devices.firmware_downloaded",
        "devices.firmware_installed",
    ]


def test_build_flashed_by_hand_is_recognised(checked_in, probe, publish):
    old = publish(probe, "1.0.6")
    publish(probe, "1.0.7")
    checked_in(version="1.0.6")
    assert DeviceState.objects.get(device=probe).installed_build == old.build
    checked_in(version="7.7.7")
    assert DeviceState.objects.get(device=probe).installed_build is None


def test_rolled_back_build_is_not_forced_again(checked_in, probe, publish):
    publish(probe)
    fetch(checked_in(version="1.0.0")["ott"])
    said = checked_in(version="1.0.0", status="rolled back from 1.0.7: ended with code 1")
    assert said["status"] == "OK"
    assert DeviceState.objects.get(device=probe).offer_state == "failed"
    publish(probe, "1.0.8")
    assert checked_in(version="1.0.0")["version"] == "example:1.0.8"


# --- GET by token ----------------------------------------------------------------------------


def test_token_gives_the_exact_bytes(checked_in, probe, publish):
    artifact = publish(probe)
    response = fetch(checked_in(version="1.0.0")["ott"])
    assert response.status_code == 200
    assert body_of(response) == artifact.content
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Length"] == str(artifact.size)
    assert response["Content-Disposition"] == "attachment; filename=firmware.bin"
    assert response["x-MD5"] == artifact.md5
    assert response["x-SHA256"] == artifact.sha256
    assert response["Connection"] == "close"
    assert response["ETag"] == f'"{artifact.sha256}"'
    assert "Content-Encoding" not in response
    assert not response.cookies
    assert check_signature(response) == {
        "build": f"{artifact.build.uid}",
        "platform": "python",
        "sha256": artifact.sha256,
        "size": artifact.size,
        "udid": probe.udid,
        "version": "1.0.7",
    }


def test_missing_token_is_told(db):
    response = Client().get("/device/firmware")
    assert response.json() == {"success": False, "response": "OTT_MISSING"}


@pytest.mark.parametrize("ott", ["x", "0" * 64, "0" * 63, "' or 1=1", "\x00", "é" * 64])
def test_unknown_token_is_not_found(db, ott):
    response = fetch(ott)
    assert (response.status_code, response.content) == (404, b"OTT_UPDATE_NOT_FOUND")


def test_malformed_token_asks_no_database(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        fetch("x" * 5000)


def test_digest_of_a_token_is_no_token(probe, publish):
    token_issue(device=probe, artifact=publish(probe))
    assert fetch(OneTimeToken.objects.get().digest).status_code == 404


def test_token_lives_a_day_and_after_its_use_an_hour(probe, publish):
    ott = token_issue(device=probe, artifact=publish(probe))
    row = OneTimeToken.objects.get()
    assert timedelta(hours=23, minutes=59) < row.expires_at - timezone.now() <= timedelta(hours=24)
    assert fetch(ott).status_code == 200
    row.refresh_from_db()
    assert timedelta(minutes=59) < row.expires_at - timezone.now() <= timedelta(hours=1)
    assert fetch(ott).status_code == 200
    row.refresh_from_db()
    assert row.expires_at - row.first_used_at <= timedelta(hours=1)
    OneTimeToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert fetch(ott).content == b"OTT_UPDATE_NOT_FOUND"
    assert tokens_sweep() == 1


def test_artifact_that_is_gone_is_not_available(probe, publish):
    artifact = publish(probe)
    ott = token_issue(device=probe, artifact=artifact)
    default_storage.delete(artifact.file)
    response = fetch(ott)
    assert (response.status_code, response.content) == (404, b"OTT_UPDATE_NOT_AVAILABLE")


def test_artifact_that_was_cut_is_not_available(probe, publish):
    artifact = publish(probe)
    ott = token_issue(device=probe, artifact=artifact)
    Artifact.objects.update(size=artifact.size + 1)
    assert fetch(ott).content == b"OTT_UPDATE_NOT_AVAILABLE"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-", 0, None),
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, None),
        ("bytes=5-9", 5, 10),
        ("bytes=-7", -7, None),
        ("bytes=-999999", 0, None),
        ("bytes=10-999999", 10, None),
    ],
)
def test_range_gives_the_part(probe, publish, asked, start, stop):
    artifact = publish(probe, content=bytes(range(256)) * 2)
    response = fetch(token_issue(device=probe, artifact=artifact), Range=asked)
    expected = artifact.content[start:stop]
    assert response.status_code == 206
    assert response.content == expected
    assert response["Content-Length"] == str(len(expected))
    first = 512 + start if start < 0 else start
    assert response["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/512"
    assert response["x-SHA256"] == artifact.sha256


@pytest.mark.parametrize("asked", ["bytes=512-", "bytes=9999-10000", "bytes=-0"])
def test_range_outside_is_416(probe, publish, asked):
    artifact = publish(probe, content=bytes(512))
    response = fetch(token_issue(device=probe, artifact=artifact), Range=asked)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */512"
    assert OneTimeToken.objects.get().first_used_at is None


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b", "", "bytes=" + "9" * 99],
)
def test_range_that_is_none_gives_all(probe, publish, asked):
    artifact = publish(probe, content=bytes(512))
    response = fetch(token_issue(device=probe, artifact=artifact), Range=asked)
    assert (response.status_code, len(response.content)) == (200, 512)


def test_if_range_of_other_firmware_gives_all(probe, publish):
    artifact = publish(probe, content=bytes(512))
    ott = token_issue(device=probe, artifact=artifact)
    fits = {"Range": "bytes=10-", "If-Range": f'"{artifact.sha256}"'}
    assert fetch(ott, **fits).status_code == 206
    assert fetch(ott, **{**fits, "If-Range": '"other"'}).status_code == 200


def test_firmware_the_device_has_is_304(probe, publish):
    artifact = publish(probe)
    ott = token_issue(device=probe, artifact=artifact)
    for headers in (
        {"x-ESP8266-sketch-md5": artifact.md5},
        {"If-None-Match": f'"{artifact.sha256}"'},
    ):
        response = fetch(ott, **headers)
        assert (response.status_code, response.content) == (304, b"")


def test_head_tells_the_length_and_uses_nothing_up(probe, publish):
    artifact = publish(probe)
    ott = token_issue(device=probe, artifact=artifact)
    response = Client().head("/device/firmware", query_params={"ott": ott})
    assert response.status_code == 200
    assert response["Content-Length"] == str(artifact.size)
    assert OneTimeToken.objects.get().first_used_at is None


# --- POST ------------------------------------------------------------------------------------


def test_post_without_mac_is_told(ask):
    response = ask(mac="")
    assert response.json() == {"success": False, "response": "missing_mac"}


def test_post_without_key_is_told(ask):
    assert ask(header=None).json() == {"success": False, "response": "authentication"}


@pytest.mark.parametrize("header", ["f" * 64, "short"])
def test_post_with_a_wrong_key_is_refused(ask, probe, publish, header):
    publish(probe)
    assert ask(header=header).json()["response"] == "owner_found_but_no_key"


def test_post_with_a_foreign_key_is_refused(ask, probe, publish, foreign_key, umbrella):
    publish(probe)
    assert ask(header=foreign_key).json()["response"] == "owner_found_but_no_key"
    response = ask(header=foreign_key, owner=umbrella.owner_id, udid=probe.udid)
    assert response.content == b"no_such_device"


def test_post_of_an_unknown_device_is_told(ask):
    response = ask()
    assert (response.status_code, response.content) == (200, b"no_such_device")


def test_post_without_a_build_is_not_found(ask, probe):
    assert ask().json() == {"success": False, "status": "UPDATE_NOT_FOUND"}


def test_post_with_nothing_newer_is_ok(ask, probe, publish, checked_in):
    publish(probe)
    checked_in(version="1.0.7", env_hash="e" * 64)
    assert ask().json() == {"success": False, "status": "OK"}


@pytest.mark.parametrize("wrapper", [None, "registration", "update"])
def test_post_gives_newer_firmware(ask, probe, publish, wrapper):
    artifact = publish(probe)
    response = ask(wrapper=wrapper, udid=probe.udid)
    assert response.content == artifact.content
    assert response["x-MD5"] == artifact.md5
    assert response["Connection"] == "close"
    check_signature(response)


def test_forced_post_gives_the_firmware_again_unless_updates_are_off(
    ask, probe, publish, checked_in
):
    artifact = publish(probe)
    checked_in(version="1.0.7", env_hash="e" * 64)
    assert ask(forced=True).content == artifact.content
    artifact.build.deliver = False
    artifact.build.save()
    assert ask(forced=True).json() == {"success": False, "status": "OK"}


@pytest.mark.parametrize("wish", [{"use": "ott"}, {"ott": 1}])
def test_post_for_a_token_gives_one(ask, probe, publish, wish):
    artifact = publish(probe)
    response = ask(**wish)
    assert list(response.json()) == ["ott"]
    assert fetch(response.json()["ott"]).content == artifact.content


def test_post_for_a_token_without_a_build_is_not_found(ask, probe):
    assert ask(use="ott").json() == {"success": False, "status": "UPDATE_NOT_FOUND"}


@pytest.mark.parametrize("header", [None, "f" * 64, "short"])
@pytest.mark.parametrize("wish", [{"use": "ott"}, {"ott": 1}])
def test_post_for_a_token_with_a_wrong_key_is_told_in_its_own_word(ask, probe, wish, header):
    response = ask(header=header, **wish)
    assert (response.status_code, response.content) == (200, b"OTT_API_KEY_NOT_VALID")


def test_post_that_names_its_version_is_not_given_the_same(ask, probe, publish):
    publish(probe)
    assert ask(version="1.0.7").json() == {"success": False, "status": "OK"}
    assert DeviceState.objects.get(device=probe).version == ""


def test_text_for_a_file_platform_is_given_as_files(ask, probe, publish):
    artifact = publish(probe, content=b"print('\xc5\xbe')")
    Artifact.objects.update(name="thinx.lua")
    probe.platform = "nodemcu"
    probe.save()
    response = ask()
    assert response["Content-Type"].startswith("application/json")
    assert response.json() == {
        "type": "file",
        "files": [{"name": "thinx.lua", "data": "print('ž')"}],
    }
    assert response["x-MD5"] == hashlib.md5(response.content).hexdigest()
    assert int(response["Content-Length"]) == len(response.content)
    assert fetch(ask(use="ott").json()["ott"]).content == artifact.content


def test_bytes_for_a_file_platform_stay_bytes(ask, probe, publish):
    artifact = publish(probe, content=b"\x1bLua\xff")
    probe.platform = "nodemcu"
    probe.save()
    assert ask().content == artifact.content


def test_lua_is_told_where_to_ask_and_asks_there_without_a_body(checked_in, probe, publish):
    publish(probe, content=b"print(1)")
    Artifact.objects.update(name="thinx.lua")
    said = checked_in(version="1.0.0", platform="nodemcu")
    assert said["url"] == f"{settings.PUBLIC_URL}/device/firmware?ott={said['ott']}"
    path = said["url"].removeprefix(settings.PUBLIC_URL)
    assert Client().post(path).json()["files"] == [{"name": "thinx.lua", "data": "print(1)"}]
    assert DeviceState.objects.get(device=probe).offer_state == "downloaded"
    assert Client().post("/device/firmware?ott=foo").content == b"OTT_UPDATE_NOT_FOUND"
    bare = Client().post("/device/firmware", "", content_type="application/json")
    assert bare.json()["response"] == "no_body"


def test_files_are_given_as_json(ask, probe, publish):
    content = b'{"type":"file","files":[{"name":"boot.py","data":"x=1"}]}'
    publish(probe, content=content)
    Artifact.objects.update(name="firmware.json")
    response = ask()
    assert response["Content-Type"].startswith("application/json")
    assert response.json()["files"][0]["name"] == "boot.py"
