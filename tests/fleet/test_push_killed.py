"""Web, worker and broker are killed at random while a push runs: each device ends in one state.

PUSH_KILLS says how often; a hundred times takes about half an hour.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.support.console import RestError, RunningConsole, private_console
from tests.support.push_devices import PushedDevice, living

pytestmark = [
    pytest.mark.ops,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.skipif("PUSH_KILLS" not in os.environ, reason="a run of its own: PUSH_KILLS=100"),
]

KILLS = int(os.environ.get("PUSH_KILLS", "2"))
HTTP, MQTT = 150, 50
PAUSE = 3.0
# A console that was killed on a busy machine needs minutes to be there again.
SECONDS = 600.0
VICTIMS = {"web": b"granian", "worker": b"celery", "broker": b"mqtt_broker"}
MAKE = f"""
import json
from accounts.actor import Actor
from accounts.models import Organization
from accounts.services import user_create
from accounts.selectors.people import own_organization
from devices.models import Device, DeviceState
from keys.services import api_key_create
system = Actor.named_system("test")
ada = user_create(system, email="ada@example.org", username="ada", password="correct horse battery")
home = own_organization(ada)
count = {HTTP + MQTT}
rows = [Device(organization=home, alias=f"d{{n:03}}", platform="python") for n in range(count)]
Device.objects.bulk_create(rows)
DeviceState.objects.bulk_create(DeviceState(device_id=row.pk) for row in rows)
_, secret = api_key_create(system, organization=home, alias="fleet")
print(json.dumps({{"owner": home.owner_id, "key": secret, "udids": [row.udid for row in rows]}}))
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        yield running


@pytest.fixture(scope="module")
def fleet(console):
    made = json.loads(console.manage("shell", "-c", MAKE).splitlines()[-1])
    return [PushedDevice(udid, made["owner"], made["key"]) for udid in made["udids"]]


def kill(console: RunningConsole, victim: str) -> None:
    for pid in console.pids():
        with contextlib.suppress(OSError):
            if VICTIMS[victim] in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


def patiently(work):
    """Ask until the web process is there again."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return work()
        except (OSError, RestError) as error:
            if isinstance(error, RestError) and error.status < 500:
                raise
            if time.monotonic() > deadline:
                pytest.fail(f"the console does not come back: {error}")
            time.sleep(0.3)


def applied(rest, uid: str) -> dict:
    """Apply a push; when the answer was lost with its process, look whether it was done."""

    def once() -> dict:
        push = rest.get(f"config-pushes/{uid}/")
        return push if push["state"] == "applied" else rest.post(f"config-pushes/{uid}/apply/")

    return patiently(once)


def receipts(rest, uid: str, state: str = "") -> int:
    query = f"&state={state}" if state else ""
    return rest.get(f"config-receipts/?push={uid}&page_size=1{query}")["count"]


def test_each_device_ends_in_exactly_one_right_state_whatever_is_killed(console, fleet):
    chance = random.Random(os.environ.get("PUSH_SEED", "1"))
    rest = console.rest("ada@example.org", alias="pusher")
    ports = int(console.env["THINX_HTTP_PORT"]), int(console.env["THINX_MQTT_PORT"])
    with living(fleet[:HTTP], fleet[HTTP:], ports, PAUSE):
        for number in range(KILLS):
            run(console, rest, fleet, f"{number}", chance)


def run(console, rest, fleet, value: str, chance: random.Random) -> None:
    """Push one value to all, kill one part of the console meanwhile, and hold the end to be right.

    Every third time an older push is still on its way to some, so that it has to be replaced.
    """
    if int(value) % 3 == 0:
        older = patiently(lambda: drafted(rest, f"older-{value}"))
        applied(rest, older)
    uid = patiently(lambda: drafted(rest, value))
    victims = [chance.choice([*VICTIMS])]
    if victims == ["web"] and chance.random() < 0.5:
        kill(console, "web")
    applied(rest, uid)
    time.sleep(chance.uniform(0.0, 4.0))  # the moment of the kill is what varies
    kill(console, victims[0])
    wait_for_all(rest, uid, len(fleet), f"{value} after {victims}")
    for device in fleet:
        assert device.given[-1] == value, told(rest, uid, device, victims)
        newest = device.given.index(value)
        assert {*device.given[newest:]} == {value}, "something older came after it"
    assert receipts(rest, uid) == receipts(rest, uid, "applied") == len(fleet)
    again = sum(device.given.count(value) - 1 for device in fleet)
    # Only what was on its way in the instant of a kill may come again.
    assert again <= len(fleet) // 4, f"{again} devices were given {value} more than once"


def told(rest, uid: str, device: PushedDevice, victims: list[str]) -> str:
    """Say for a failure what the console holds true of a device, and what the device knows."""
    receipt = rest.get(f"config-receipts/?push={uid}&device={device.udid}")["results"]
    return f"killed {victims}; given {device.given}; lost {device.lost}; receipt {receipt}"


def drafted(rest, value: str) -> str:
    return rest.post("config-pushes/", query="", values={"ROUND": value})["uid"]


def wait_for_all(rest, uid: str, count: int, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while (done := patiently(lambda: receipts(rest, uid, "applied"))) < count:
        if time.monotonic() > deadline:
            states = rest.get(f"config-pushes/{uid}/")["counts"]
            pytest.fail(f"{what}: {done} of {count} have it; {states}")
        time.sleep(0.5)
