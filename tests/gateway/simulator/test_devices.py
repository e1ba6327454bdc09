from __future__ import annotations

import pytest

from gateway.simulator import PERSONAS, Failures, Mode, SimulatedDevice, Simulation
from gateway.simulator.failures import share

OWNER = "ab" * 32


def test_same_seed_is_the_same_device():
    one, two = (SimulatedDevice(3, 1, OWNER) for _ in range(2))
    assert [one.registration() for _ in range(3)] == [two.registration() for _ in range(3)]
    assert SimulatedDevice(3, 2, OWNER).mac != one.mac


def test_no_two_devices_have_one_mac():
    assert len({SimulatedDevice(n, 7, OWNER).mac for n in range(20_000)}) == 20_000


def test_devices_are_believable_and_sometimes_complain():
    devices = [SimulatedDevice(n, 1, OWNER) for n in range(50)]
    said = [device.registration() for _ in range(40) for device in devices]
    assert {r["platform"] for r in said} == {p.platform for p in PERSONAS}
    assert len({r["version"] for r in said}) > 5
    assert any("#w" in r["status"] for r in said)
    assert any("#e" in r["status"] for r in said)
    assert sum("#" in r["status"] for r in said) < len(said) / 3


def test_each_mode_has_exactly_its_share():
    modes = Failures(fail_install=0.05, silent=0.01).modes(20_000, 1)
    assert (modes.count(Mode.FAIL_INSTALL), modes.count(Mode.SILENT)) == (1000, 200)
    assert modes.count(Mode.SOUND) == 18_800
    assert modes == Failures(fail_install=0.05, silent=0.01).modes(20_000, 1)
    assert modes != Failures(fail_install=0.05, silent=0.01).modes(20_000, 2)


def test_shares_that_are_none_are_refused():
    with pytest.raises(ValueError, match="shares"):
        Failures(silent=0.7, slow=0.4)
    with pytest.raises(ValueError, match="shares"):
        Failures(silent=-0.1)
    with pytest.raises(ValueError, match="no share"):
        share("101%")
    assert (share("5%"), share("0.5")) == (0.05, 0.5)


def test_half_the_fleet_may_use_mqtt():
    simulation = Simulation(
        "http://127.0.0.1:1", "k", OWNER, 100, mqtt="mqtt://127.0.0.1", mqtt_share=0.5
    )
    assert sum(device.over_mqtt for device in simulation.devices) == 50


@pytest.mark.parametrize(
    "options", [{"url": "ftp://x"}, {"url": "http:"}, {"url": "http://x", "mqtt": "http://x"}]
)
def test_address_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match="address"):
        Simulation(api_key="k", owner=OWNER, **options)


def test_console_that_is_away_is_tried_again():
    simulation = Simulation("http://127.0.0.1:1", "0" * 64, OWNER, count=3, interval=0.1)
    assert simulation.run(lambda s: s.tally["errors"] >= 6, within=60)
    assert "not reached" in simulation.last_error
    assert simulation.report()["states"] == {"new": 3}
