"""Fleets with a real server: what they say of themselves is what the database has."""

from __future__ import annotations

from dataclasses import fields

import pytest

from accounts.actor import Actor
from devices.models import Device, DeviceState
from fleet.models import ConfigReceipt
from fleet.pushes.services import config_push_start
from gateway.simulator import Failures, Mode, State
from tests.support.waiting import wait_until

from .conftest import all_of, registered

pytestmark = pytest.mark.django_db(transaction=True)


def stored():
    """Return how many check-ins of each device are stored."""
    return {f"{uid}": n for uid, n in DeviceState.objects.values_list("device__uid", "checkins")}


def receipts():
    """Return how far configuration came, and which way."""
    return set(ConfigReceipt.objects.values_list("state", "channel"))


@pytest.fixture
def pushed():
    """Push values to every device there is."""

    def push(values):
        for device in Device.objects.all():
            config_push_start(Actor.named_system("test"), device=device, values=values)

    return push


def acknowledged(simulation):
    return {device.udid: device.acknowledged for device in simulation.devices}


def have_come_twice(simulation):
    """Tell whether every device had more than one answer, and what it says by MQTT was taken."""
    by_mqtt = simulation.tally["mqtt messages"] >= 2 * simulation.count
    return by_mqtt and min(acknowledged(simulation).values()) >= 2


@pytest.fixture
def updated(fleet, lived, console, offered):
    """Register devices, have firmware for them, and live until something is so."""

    def live(until, *, size=0, **options):
        lived(fleet(console, **options), registered)
        offered(size=size)
        return lived(fleet(console, **options), until)

    return live


def test_every_check_in_that_was_acknowledged_is_stored(fleet, lived, console):
    simulation = lived(fleet(console, 20), lambda s: s.tally["check-ins"] >= 100)
    assert simulation.tally["errors"] == 0
    assert acknowledged(simulation) == stored()
    assert simulation.tally["check-ins"] == sum(stored().values())
    assert simulation.states == {State.NEW: 0, State.IDLE: 20}
    device = Device.objects.get(mac=simulation.devices[7].mac)
    assert (device.alias, device.platform) == (
        simulation.devices[7].alias,
        simulation.devices[7].persona.platform,
    )


def test_devices_install_what_they_are_offered(updated):
    simulation = updated(lambda s: s.tally["updates"] == 6)
    assert simulation.states[State.UPDATED] == 6
    assert set(DeviceState.objects.values_list("version", "env_hash", "offer_state")) == {
        ("99.0.1", "e" * 64, "installed")
    }


def test_firmware_is_fetched_in_parts(updated):
    simulation = updated(lambda s: s.tally["updates"] == 2, size=10_000, count=2, part=3000)
    assert simulation.tally["bytes"] == 20_000
    assert simulation.tally["errors"] == 0


EACH = Failures(**dict.fromkeys(ALL := [field.name for field in fields(Failures)], 1 / 8))


def test_each_way_of_failing_ends_as_it_should(updated):
    def is_over(s):
        tally = s.tally
        return (
            tally["updates"] == 6  # sound ones, and those that rebooted once
            and tally["rolled back"] == tally["silenced"] == 2
            and min(tally["old versions reported"], tally["corrupt downloads"]) >= 4
        )

    size, slow = 40_000, 10.0
    simulation = updated(is_over, count=16, size=size, failures=EACH, slow_rate=slow, downloads=1)
    assert simulation.report()["modes"] == {"sound": 4, **dict.fromkeys(sorted(ALL), 2)}
    assert simulation.tally["reboots"] == 2
    assert simulation.tally["errors"] == 0
    assert {d.state for d in simulation.devices if d.mode is Mode.SLOW} == {State.DOWNLOADING}
    assert outcomes(simulation) == {
        "sound": {("99.0.1", "installed")},
        "reboot": {("99.0.1", "installed")},
        "fail_install": {("old", "failed")},
        "old_version": {("old", "downloaded")},
        "corrupt": {("old", "downloaded")},
        "slow": {("old", "downloaded")},
        "silent": {("old", "offered")},
    }


def outcomes(simulation):
    """Return what the database says of the devices of each mode."""
    modes = {device.udid: device.mode.value for device in simulation.devices}
    found = {}
    for state in DeviceState.objects.select_related("device"):
        version = state.version if state.version == "99.0.1" else "old"
        found.setdefault(modes[state.device.udid], set()).add((version, state.offer_state))
    return found


def test_configuration_is_taken_from_the_answer_and_applied(fleet, lived, living, console, pushed):
    before = lived(fleet(console, 5), registered)
    pushed({"PACE": "9"})
    with living(fleet(console, 5)) as after:
        wait_until(lambda: receipts() == {("applied", "http")})
    assert [device.settings for device in after.devices] == [{"PACE": "9"}] * 5
    told = before.tally["check-ins"] + after.tally["check-ins"]
    assert told == sum(stored().values())


def test_silent_devices_do_not_say_that_they_were_configured(fleet, lived, console, pushed):
    lived(fleet(console, 3), registered)
    pushed({"PACE": "9"})
    simulation = fleet(console, **all_of("silent", 3))
    lived(simulation, lambda s: s.states[State.SILENT] == 3)
    # A delivery is noted when its answer has left: a device may be done before.
    wait_until(lambda: receipts() == {("delivered", "http")})


def test_fleet_over_mqtt_checks_in_and_updates(fleet, lived, living, console, broker, offered):
    simulation = lived(fleet(console, mqtt=broker), have_come_twice)
    assert DeviceState.objects.filter(checkins__gte=2).count() == 6
    offered()
    known = [device.udid for device in simulation.devices]
    installed = DeviceState.objects.filter(version="99.0.1", offer_state="installed")
    with living(fleet(console, mqtt=broker, udids=known)) as simulation:
        wait_until(lambda: installed.count() == simulation.states[State.UPDATED] == 6)
    assert simulation.tally["mqtt connections"] >= 12  # each restarts to install
    assert simulation.tally["errors"] == 0


def test_configuration_comes_over_mqtt_and_is_applied(fleet, living, console, broker, pushed):
    with living(fleet(console, mqtt=broker)) as simulation:
        wait_until(lambda: simulation.tally["mqtt messages"] >= 6)
        pushed({"PACE": "9"})
        wait_until(lambda: receipts() == {("applied", "mqtt")})
    assert [device.settings for device in simulation.devices] == [{"PACE": "9"}] * 6


def test_broker_that_refuses_is_counted(fleet, lived, console, broker):
    simulation = fleet(console, 2, mqtt=broker)
    simulation.living.api_key = "0" * 64
    lived(simulation, lambda s: s.tally["errors"] >= 2)
    assert "refused" in simulation.last_error
