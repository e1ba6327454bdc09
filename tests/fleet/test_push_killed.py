"""Web, worker, brokers are killed at random while pushes run: each device ends in one state.

PUSH_KILLS says how often; a hundred times takes about half an hour. Under scripts/testenv.py the
console is on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import time

import pytest

from tests.support.kills import PATIENCE, Killer, killable_console, patiently
from tests.support.push_devices import PushedDevice, living

pytestmark = [
    pytest.mark.ops,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.skipif("PUSH_KILLS" not in os.environ, reason="a run of its own: PUSH_KILLS=100"),
]

KILLS = int(os.environ.get("PUSH_KILLS", "2"))
HTTP, MQTT = 60, 30
PAUSE = 1.5
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


console = pytest.fixture(scope="module")(killable_console)


@pytest.fixture(scope="module")
def fleet(console):
    made = json.loads(console.manage("shell", "-c", MAKE).splitlines()[-1])
    return [PushedDevice(udid, made["owner"], made["key"]) for udid in made["udids"]]


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
    killer = Killer(console, random.Random(os.environ.get("PUSH_SEED", "1")), KILLS)
    for device in fleet:
        device.saw = killer.saw
    rest = console.rest("ada@example.org", alias="pusher")
    ports = int(console.env["THINX_HTTP_PORT"]), int(console.env["THINX_MQTT_PORT"])
    number = 0
    with living(fleet[:HTTP], fleet[HTTP:], ports, PAUSE):
        while not killer.is_done:
            run(killer, rest, fleet, f"{number}")
            number += 1
    killer.tell(f"{dict(killer.done)} in {number} pushes")


def run(killer: Killer, rest, fleet, value: str) -> None:
    """Push one value to all, kill parts of the console meanwhile, and hold the end to be right.

    Every third time an older push is still on its way to some, so that it has to be replaced.
    """
    if int(value) % 3 == 0:
        older = patiently(lambda: drafted(rest, f"older-{value}"))
        applied(rest, older)
    uid = patiently(lambda: drafted(rest, value))
    before = killer.done.total()
    what = killed_while(killer, lambda: applied(rest, uid))
    wait_for_all(killer, rest, uid, len(fleet), f"{value}, {what}")
    for device in fleet:
        assert device.given[-1] == value, told(rest, uid, device, what)
        newest = device.given.index(value)
        assert {*device.given[newest:]} == {value}, "something older came after it"
    assert receipts(rest, uid) == receipts(rest, uid, "applied") == len(fleet)
    more = [device.given.count(value) - 1 for device in fleet]
    kills = killer.done.total() - before
    killer.tell(f"{value}: {what}; {sum(more)} were given it twice")
    assert kills > 0
    # Only what was on its way in the instant of a kill may come again: most of all that is what
    # the broker has told everybody who listens and nobody has acknowledged.
    assert max(more) <= kills, f"a device was given {value} {max(more)} times too often"
    assert sum(more) <= kills * MQTT, f"{sum(more)} were given {value} more than once"


def killed_while(killer: Killer, ask) -> str:
    """Ask for something and kill once or twice meanwhile; say what and when."""
    if killer.chance.random() < 0.2:  # while it is asked for
        what = killer.after(0.0)
        ask()
    elif killer.chance.random() < 0.6:  # when so many devices have it
        what = killer.at(["given"], HTTP + MQTT - 5)
        ask()
    else:
        ask()
        what = killer.after(3.0)
    if killer.chance.random() < 0.5:
        what += f", {killer.after(4.0)}"
    return what


def told(rest, uid: str, device: PushedDevice, what: str) -> str:
    """Say for a failure what the console holds true of a device, and what the device knows."""
    receipt = rest.get(f"config-receipts/?push={uid}&device={device.udid}")["results"]
    return f"{what}; given {device.given}; lost {device.lost}; receipt {receipt}"


def drafted(rest, value: str) -> str:
    return rest.post("config-pushes/", query="", values={"ROUND": value})["uid"]


def wait_for_all(killer: Killer, rest, uid: str, count: int, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (done := patiently(lambda: receipts(rest, uid, "applied"))) < count or killer.is_waiting:
        if time.monotonic() > deadline:
            states = rest.get(f"config-pushes/{uid}/")["counts"]
            pytest.fail(f"{what}: {done} of {count} have it; {states}")
        time.sleep(0.5)
