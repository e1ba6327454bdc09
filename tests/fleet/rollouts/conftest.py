"""Devices that call, as the gateway hears them."""

from __future__ import annotations

import json

import pytest

from devices.models import Device
from fleet.models import RolloutTarget
from fleet.rollouts.engine import rollouts_advance
from tests.factories.keys import make_api_key


@pytest.fixture
def key(acme):
    return make_api_key(acme)[1]


@pytest.fixture
def call(client, acme, key):
    """Check a device in over HTTP; return its registration."""

    def send(device: Device, version: str = "1.0.0", **fields):
        sent = {"owner": acme.owner_id, "udid": device.udid, "version": version, **fields}
        answer = client.post(
            "/device/register",
            json.dumps({"registration": sent}),
            content_type="application/json",
            headers={"Authentication": key},
        )
        assert answer.status_code == 200
        return answer.json()["registration"]

    return send


@pytest.fixture
def fetch(client):
    """Fetch firmware with a token; return the answer with its bytes read."""

    def get(registration, **headers):
        answer = client.get("/device/firmware", {"ott": registration["ott"]}, headers=headers)
        if answer.streaming:
            answer.body = b"".join(answer.streaming_content)
        return answer

    return get


@pytest.fixture
def advance(django_capture_on_commit_callbacks):
    """Have the engine step until nothing changes."""

    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            while rollouts_advance():
                pass

    return run


@pytest.fixture
def state_of():
    """Return the state of a device in its rollout, or how many devices are in each state."""

    def read(what):
        if isinstance(what, Device):
            return RolloutTarget.objects.get(device=what).state
        found: dict[str, int] = {}
        for state in RolloutTarget.objects.filter(rollout=what).values_list("state", flat=True):
            found[state] = found.get(state, 0) + 1
        return found

    return read
