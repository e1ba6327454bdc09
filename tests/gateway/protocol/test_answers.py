from __future__ import annotations

import json
import uuid

import pytest

from gateway.protocol import answers

OWNER = "ab" * 32
UDID = "7a3d2f10-0000-11ee-8000-5ccf7f012345"
MESHES = [str(uuid.UUID(int=n)) for n in range(1, 40)]
ALIASES = [
    "",
    "pump",
    "x" * 300,
    "ž" * 64,
    "\U0001f600" * 64,
    "}}" * 32,
    '"notification"',
    '{"registration"',
    "\\" * 64,
    "\ud800",
]


def every_answer(alias, mesh_ids):
    yield answers.registered(
        owner=OWNER, alias=alias, udid=UDID, iv="i" * 24, timestamp=1700000000, meshes=mesh_ids
    )
    yield answers.checked_in(
        owner=OWNER,
        alias=alias,
        udid=UDID,
        auto_update=False,
        timestamp=1700000000,
        mesh_ids=mesh_ids,
    )
    yield answers.firmware_update(
        alias=alias,
        udid=UDID,
        ott="0" * 64,
        mac="5C:CF:7F:01:23:45",
        version="repository:1.2.3",
        timestamp=1700000000,
        mesh_ids=mesh_ids,
        hints={"md5": "d" * 32, "commit": "c" * 40, "hash": "e" * 64},
    )


@pytest.mark.parametrize("mesh_ids", [[], MESHES[:2], MESHES], ids=["none", "two", "many"])
@pytest.mark.parametrize("alias", ALIASES)
def test_answer_keeps_what_small_devices_rely_on(alias, mesh_ids):
    for body in every_answer(alias, mesh_ids):
        assert len(body) < 500
        assert body.startswith(b'{"registration":{"success":true,')
        assert body.index(b"}}") == len(body) - 2
        assert b'"notification"' not in body
        assert b'"configuration"' not in body
        said = json.loads(body)
        assert list(said) == ["registration"]
        assert not any(isinstance(v, dict) for v in said["registration"].values())
        assert said["registration"]["udid"] == UDID
        assert isinstance(said["registration"]["alias"], str)


def test_short_alias_is_said_exactly():
    for body in every_answer('a}} "b" ž', []):
        assert json.loads(body)["registration"]["alias"] == 'a}} "b" ž'


def test_new_device_is_told_meshes_and_known_device_mesh_ids():
    new, known, update = (json.loads(b)["registration"] for b in every_answer("a", MESHES[:1]))
    assert new == {
        "success": True,
        "owner": OWNER,
        "alias": "a",
        "udid": UDID,
        "iv": "i" * 24,
        "status": "OK",
        "meshes": MESHES[:1],
        "timestamp": 1700000000,
    }
    assert known == {
        "success": True,
        "status": "OK",
        "auto_update": False,
        "owner": OWNER,
        "alias": "a",
        "mesh_ids": MESHES[:1],
        "udid": UDID,
        "timestamp": 1700000000,
    }
    assert update["status"] == "FIRMWARE_UPDATE"
    assert update["ott"] == "0" * 64
    assert update["md5"] == "d" * 32
    assert "owner" not in update


def test_refusals_are_the_words_of_the_contract():
    assert answers.refused("apikey_not_found") == b'{"success":false,"response":"apikey_not_found"}'
    assert answers.nothing_to_install("OK") == b'{"success":false,"status":"OK"}'
    assert answers.token("f" * 64) == b'{"ott":"' + b"f" * 64 + b'"}'
    assert json.loads(answers.update_failed())["response"] == {
        "registration": {"success": False, "response": "device_update_failed"}
    }


def test_sigfox_downlink_is_sixteen_characters():
    body = answers.sigfox_downlink("SIGFOX4D2F", "0123456789abcdefXYZ")
    assert body == b'{"4D2F":{"downlinkData":"0123456789abcdef"}}'
