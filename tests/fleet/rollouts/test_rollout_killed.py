"""Web, worker and broker are killed at random while rollouts run: each device ends in one state.

ROLLOUT_KILLS says how often; a hundred times takes about an hour.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import threading
import time

import pytest

from tests.fleet.test_push_killed import VICTIMS, kill, patiently
from tests.support.console import private_console
from tests.support.rollout_devices import UpdatedDevice

pytestmark = [
    pytest.mark.ops,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.skipif(
        "ROLLOUT_KILLS" not in os.environ, reason="a run of its own: ROLLOUT_KILLS=100"
    ),
]
KILLS = int(os.environ.get("ROLLOUT_KILLS", "3"))
DEVICES, THREADS = 60, 6
FIRST = "1.0.0"
SECONDS = 300.0
# A sound device may lose some attempts to kills; one that refuses the firmware loses all.
PLAN = {"canary": 6, "waves": ["50%"], "max_failed_percent": 0, "retries": 4}
MAKE = f"""
import json
from accounts.actor import Actor
from accounts.selectors.people import own_organization
from accounts.services import user_create
from keys.services import api_key_create
from tests.factories.builds import SourceFactory
from tests.factories.rollouts import make_devices, make_generic_build
system = Actor.named_system("test")
ada = user_create(system, email="ada@example.org", username="ada", password="correct horse battery")
home = own_organization(ada)
source = SourceFactory(organization=home)
versions = [f"{{n + 2}}.0.0" for n in range({KILLS})]
builds = [make_generic_build(home, version, build__source=source) for version in versions]
rows = make_devices(home, {DEVICES}, version="{FIRST}")
_, key = api_key_create(system, organization=home, alias="fleet")
print(json.dumps({{"owner": home.owner_id, "key": key, "udids": [row.udid for row in rows],
                   "builds": [f"{{build.uid}}" for build in builds]}}))
"""
COUNT = """
import json
from audit.models import AuditEvent
from django.db.models import Count
from fleet.models import RolloutTarget
events = AuditEvent.objects.filter(verb__in=("devices.firmware_installed", "fleet.rollout_started",
                                             "fleet.rollout_ended"))
found = dict(events.values_list("verb").annotate(n=Count("pk")).order_by())
found["targets"] = RolloutTarget.objects.count()
print(json.dumps(found))
"""
LOST = (OSError, ValueError, KeyError, http.client.HTTPException)


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        yield running


@contextlib.contextmanager
def living(devices: list[UpdatedDevice]):
    """Have devices call again and again, in threads, for as long as the block lasts."""
    over = threading.Event()

    def live(some: list[UpdatedDevice]) -> None:
        while not over.wait(0.2):
            for device in some:
                with contextlib.suppress(*LOST):
                    device.live()

    threads = [threading.Thread(target=live, args=(devices[n::THREADS],)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_each_device_ends_in_exactly_one_right_state_whatever_is_killed(console):
    made = json.loads(console.manage("shell", "-c", MAKE).splitlines()[-1])
    devices = [UpdatedDevice(console.url, uid, made["owner"], made["key"]) for uid in made["udids"]]
    chance = random.Random(os.environ.get("ROLLOUT_SEED", "1"))
    rest = console.rest("ada@example.org", alias="operator")
    ends = 0
    with living(devices):
        for number, build in enumerate(made["builds"]):
            version = f"{number + 2}.0.0"
            for n, device in enumerate(devices):
                if (n + number) % 10 == 0:
                    device.refuses.add(version)
            rollout = rolled_out(console, rest, devices, version, build, chance)
            ends += 1
            if number % 3 == 2:
                rolled_back(console, rest, devices, rollout, chance)
                ends += 1
    found = json.loads(console.manage("shell", "-c", COUNT).splitlines()[-1])
    assert found["fleet.rollout_started"] == KILLS
    assert found["fleet.rollout_ended"] == ends
    # What each device installed was noted once for each time.
    assert found["devices.firmware_installed"] == sum(len(device.ran) - 1 for device in devices)


def rolled_out(console, rest, devices, version, build, chance) -> str:
    """Roll one build out to all while something is killed; hold what came of it to be right."""
    drafted = patiently(lambda: rest.post("rollouts/", name=version, build=build, plan=PLAN))
    url = f"rollouts/{drafted['uid']}/"
    asked(rest, url, "start", "draft")
    victim = killed(console, chance)
    counts = ended(rest, url, "completed", f"{version} after {victim}")
    refusing = sum(version in device.refuses for device in devices)
    assert (counts["installed"], counts["failed"]) == (DEVICES - refusing, refusing)
    assert sum(counts.values()) == DEVICES
    for device in devices:
        assert device.ran.count(version) == (version not in device.refuses), device
    return url


def rolled_back(console, rest, devices, url, chance) -> None:
    """Take it back while something is killed. Who ran nothing of ours before keeps it."""
    before = [device.ran[-2:] for device in devices]
    version = max((ran[-1] for ran in before), key=lambda text: int(text.split(".")[0]))
    back = [len(ran) == 2 and ran[1] == version and ran[0] != FIRST for ran in before]
    asked(rest, url, "roll-back", "completed")
    victim = killed(console, chance)
    counts = ended(rest, url, "rolled_back", f"back from {version} after {victim}")
    assert counts["rolled_back"] == sum(back)
    assert sum(counts.values()) == DEVICES
    for device, goes, ran in zip(devices, back, before, strict=True):
        assert device.version == (ran[0] if goes else ran[-1]), device


def asked(rest, url: str, verb: str, state: str) -> None:
    """Press a button; when the answer was lost with its process, look whether it was done."""

    def once() -> None:
        if rest.get(url)["state"] == state:
            rest.post(f"{url}{verb}/")

    patiently(once)


def killed(console, chance: random.Random) -> str:
    victim = chance.choice([*VICTIMS])
    time.sleep(chance.uniform(0.0, 8.0))  # the moment of the kill is what varies
    kill(console, victim)
    return victim


def ended(rest, url: str, state: str, what: str) -> dict[str, int]:
    deadline = time.monotonic() + SECONDS
    while (found := patiently(lambda: rest.get(url)))["state"] != state:
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: it is {found['state']}, {found['counts']}")
        time.sleep(0.5)
    return found["counts"]
