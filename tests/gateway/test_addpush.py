"""POST /device/addpush: contract 1.5, with a key that is really checked."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from devices.models import DeviceState
from tests.factories.devices import DeviceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def push(key):
    def send(*, header=key, body=None, **fields):
        content = json.dumps(fields) if body is None else body
        headers = {"Authentication": header} if header else {}
        return Client().post(
            "/device/addpush", content, content_type="application/json", headers=headers
        )

    return send


@pytest.mark.parametrize("token", ["ab" * 32, "AB" * 32, "fcm:APA91b_x-y", "g" * 63, "g" * 65])
def test_token_is_kept(push, probe, token):
    response = push(push=token, udid=probe.udid)
    assert response.json() == {"success": True, "response": "push_token_registered"}
    assert DeviceState.objects.get().push_token == token


@pytest.mark.parametrize("body", ["", "{}", "junk", '{"push":""}', "[]"])
def test_no_push_is_no_body(push, body):
    response = push(body=body)
    assert (response.status_code, response.json()["response"]) == (200, "no_body")


@pytest.mark.parametrize("token", [5, ["x"], "<script>", "a b", "x" * 256, "g" * 64])
def test_malformed_token_is_no_token(push, probe, token):
    assert push(push=token, udid=probe.udid).json()["response"] == "no_token"


@pytest.mark.parametrize("header", [None, "short", "f" * 64])
def test_missing_malformed_and_wrong_keys_are_403(push, probe, header):
    response = push(header=header, push="token", udid=probe.udid)
    assert (response.status_code, response.content) == (403, b"")
    assert DeviceState.objects.get().push_token == ""


def test_foreign_and_unknown_devices_are_not_found(push, umbrella):
    foreign = DeviceFactory(organization=umbrella)
    for udid in (foreign.udid, "0", None):
        assert push(push="token", udid=udid).json()["response"] == "push_device_not_found"
    assert DeviceState.objects.get().push_token == ""
