"""Web, worker, brokers are killed at random while rollouts run: each device ends in one state.

ROLLOUT_KILLS says how often; a hundred times takes about half an hour. Under scripts/testenv.py the
console is on PostgreSQL.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import threading
import time
from collections import Counter

import pytest

from tests.support.kills import PATIENCE, Killer, killable_console, patiently
from tests.support.push_devices import living as listening
from tests.support.rollout_devices import UpdatedDevice

pytestmark = [
    pytest.mark.ops,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.skipif(
        "ROLLOUT_KILLS" not in os.environ, reason="a run of its own: ROLLOUT_KILLS=100"
    ),
]
KILLS = int(os.environ.get("ROLLOUT_KILLS", "3"))
DEVICES, LISTENING, THREADS = 48, 16, 6
PAUSE = 0.4
FIRST = "1.0.0"
# A file of more than one piece is streamed, so that devices are cut off in the middle.
SMALL, LARGE = 512, 3 << 19
# A sound device may lose some attempts to kills; one that refuses the firmware loses all.
PLAN = {"canary": 6, "waves": [], "max_failed_percent": 0, "retries": 6}
MOMENTS = ["told", "fetching", "fetched", "reported"]
# At most so often each of them comes in a rollout, whatever else happens.
MOST = 36
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
builds = [
    make_generic_build(
        home, f"{{n + 2}}.0.0", build__source=source, content=b"f" * ({SMALL}, {LARGE})[n % 2]
    )
    for n in range({KILLS})
]
rows = make_devices(home, {DEVICES}, version="{FIRST}")
_, key = api_key_create(system, organization=home, alias="fleet")
print(json.dumps({{"owner": home.owner_id, "key": key, "udids": [row.udid for row in rows],
                   "builds": [f"{{build.uid}}" for build in builds]}}))
"""
COUNT = """
import json
from audit.models import AuditEvent
from django.db.models import Count
from devices.models import Device
from fleet.models import RolloutTarget
from fleet.rollouts.choices import OPEN
events = AuditEvent.objects.filter(verb__in=("devices.firmware_installed", "fleet.rollout_started",
                                             "fleet.rollout_ended"))
found = dict(events.values_list("verb").annotate(n=Count("pk")).order_by())
found["targets"] = RolloutTarget.objects.filter(rollout__started_at__isnull=False).count()
found["open"] = RolloutTarget.objects.filter(state__in=OPEN).count()
rows = Device.objects.values_list("uid", "state__version", "state__installed_build__version")
found["versions"] = {f"{uid}": [said, known] for uid, said, known in rows}
print(json.dumps(found))
"""
console = pytest.fixture(scope="module")(killable_console)
LOST = (OSError, ValueError, KeyError, http.client.HTTPException)


@contextlib.contextmanager
def living(devices: list[UpdatedDevice]):
    """Have devices call again and again, in threads, for as long as the block lasts."""
    over = threading.Event()

    def live(some: list[UpdatedDevice]) -> None:
        while not over.wait(PAUSE):
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
    chance = random.Random(os.environ.get("ROLLOUT_SEED", "1"))
    killer = Killer(console, chance, KILLS)
    devices = [
        UpdatedDevice(console.url, uid, made["owner"], made["key"], saw=killer.saw)
        for uid in made["udids"]
    ]
    for device in devices[:LISTENING]:  # these wait to be told
        device.is_quiet = True
    rest = console.rest("ada@example.org", alias="operator")
    ports = 0, int(console.env["THINX_MQTT_PORT"])
    rounds = ends = 0
    with living(devices), listening((), devices[:LISTENING], ports, PAUSE):
        for number, build in enumerate(made["builds"]):
            version = f"{number + 2}.0.0"
            for n, device in enumerate(devices):
                if (n + number) % 10 == 0:
                    device.refuses.add(version)
            url = rolled_out(killer, rest, devices, version, build)
            rounds, ends = rounds + 1, ends + 1
            if number % 3 == 2:
                rolled_back(killer, rest, devices, url)
                ends += 1
            if killer.is_done:
                break
    killer.tell(f"{dict(killer.done)} in {rounds} rollouts, {ends - rounds} of them taken back")
    assert killer.is_done
    found = json.loads(console.manage("shell", "-c", COUNT).splitlines()[-1])
    assert found["fleet.rollout_started"] == rounds
    assert found["fleet.rollout_ended"] == ends
    assert (found["targets"], found["open"]) == (rounds * DEVICES, 0)
    # What each device installed was noted once for each time, and what it runs now is known.
    assert found["devices.firmware_installed"] == sum(len(device.ran) - 1 for device in devices)
    for device in devices:
        known = None if device.version == FIRST else device.version
        assert found["versions"][device.udid] == [device.version, known], device


def rolled_out(killer, rest, devices, version, build) -> str:
    """Roll one build out to all while something is killed; hold what came of it to be right."""
    drafted = patiently(lambda: rest.post("rollouts/", name=version, build=build, plan=PLAN))
    url = f"rollouts/{drafted['uid']}/"
    before = killer.done.total()
    what = killed_while(killer, lambda: asked(rest, url, "start", "draft"))
    counts = ended(killer, rest, url, "completed", f"{version}, {what}")
    refusing = {device.udid for device in devices if version in device.refuses}
    assert counts == {"installed": DEVICES - len(refusing), "failed": len(refusing)}, what
    assert states(rest, url) == {
        device.udid: "failed" if device.udid in refusing else "installed" for device in devices
    }
    for device in devices:
        assert device.ran.count(version) == (device.udid not in refusing), device
        # A sound device fetches it once, and none is offered what it says to run.
        assert device.udid in refusing or device.fetched.count(version) == 1, device
        assert not device.again, device
    killer.tell(f"{version}: {what}")
    assert killer.done.total() > before
    return url


def rolled_back(killer, rest, devices, url) -> None:
    """Take it back while something is killed. Who ran nothing of ours before keeps it."""
    before = [device.ran[-2:] for device in devices]
    version = max((ran[-1] for ran in before), key=lambda text: int(text.split(".")[0]))
    back = [len(ran) == 2 and ran[1] == version and ran[0] != FIRST for ran in before]
    what = killed_while(killer, lambda: asked(rest, url, "roll-back", "completed"))
    counts = ended(killer, rest, url, "rolled_back", f"back from {version}, {what}")
    assert counts["rolled_back"] == sum(back)
    assert sum(counts.values()) == DEVICES
    told = states(rest, url)
    for device, goes, ran in zip(devices, back, before, strict=True):
        assert device.version == (ran[0] if goes else ran[-1]), device
        assert (told[device.udid] == "rolled_back") == goes, device
        assert not device.again, device
    killer.tell(f"back from {version}: {what}")


def killed_while(killer: Killer, ask) -> str:
    """Ask for something and kill once or twice meanwhile; say what and when."""
    if killer.chance.random() < 0.2:  # while it is asked for
        what = killer.after(0.0)
        ask()
    elif killer.chance.random() < 0.7:  # when devices are that far
        what = killer.at(MOMENTS, MOST)
        ask()
    else:
        ask()
        what = killer.after(6.0)
    if killer.chance.random() < 0.5:
        what += f", {killer.after(6.0)}"
    return what


def asked(rest, url: str, verb: str, state: str) -> None:
    """Press a button; when the answer was lost with its process, look whether it was done."""

    def once() -> None:
        if rest.get(url)["state"] == state:
            rest.post(f"{url}{verb}/")

    patiently(once)


def states(rest, url: str) -> dict[str, str]:
    """Return the one state of each device."""
    rows = patiently(lambda: rest.get(f"{url}targets/?page_size=200"))["results"]
    assert len(rows) == len({row["device"] for row in rows}) == DEVICES
    return {row["device"]: row["state"] for row in rows}


def ended(killer: Killer, rest, url: str, state: str, what: str) -> dict[str, int]:
    deadline = time.monotonic() + PATIENCE
    while (found := patiently(lambda: rest.get(url)))["state"] != state or killer.is_waiting:
        if time.monotonic() > deadline:
            open_ = patiently(lambda: rest.get(f"{url}targets/?page_size=200"))["results"]
            left = [row for row in open_ if row["ended_at"] is None]
            pytest.fail(f"{what}: it is {found['state']}, {found['counts']}, {left}")
        time.sleep(0.3)
    return {name: count for name, count in Counter(found["counts"]).items() if count}
