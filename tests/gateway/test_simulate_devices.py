from __future__ import annotations

import signal
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from devices.models import Device, DeviceState
from gateway.simulator import PERSONAS, SimulatedDevice, Simulation
from keys.models import ApiKey
from tests.factories.keys import make_api_key

from .live import live_console


def test_same_seed_is_the_same_device():
    one, two = (SimulatedDevice(3, 1, "ab" * 32) for _ in range(2))
    assert one.registration() == two.registration()
    assert SimulatedDevice(3, 2, "ab" * 32).mac != one.mac
    assert len({SimulatedDevice(n, 1, "ab" * 32).mac for n in range(500)}) == 500


def test_devices_are_believable_and_sometimes_complain():
    devices = [SimulatedDevice(n, 1, "ab" * 32) for n in range(50)]
    said = [device.registration() for _ in range(40) for device in devices]
    assert {r["platform"] for r in said} == {p.platform for p in PERSONAS}
    assert len({r["version"] for r in said}) > 5
    assert any("#w" in r["status"] for r in said)
    assert any("#e" in r["status"] for r in said)
    assert sum("#" in r["status"] for r in said) < len(said) / 3


def test_console_that_is_away_is_tried_again():
    simulation = Simulation("http://127.0.0.1:1", "0" * 64, "ab" * 32, count=3, interval=0.2)
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    simulation.run(stop)
    assert simulation.tally["errors"] >= 3
    assert "not reached" in simulation.last_error


def test_somebody_unknown_is_told(db):
    with pytest.raises(CommandError, match="Nobody"):
        call_command("simulate_devices", email="nobody@example.org")


def test_key_that_is_unknown_is_told(db, tmp_path):
    (tmp_path / "key").write_text("0" * 64)
    with pytest.raises(CommandError, match="--owner"):
        call_command("simulate_devices", api_key_file=str(tmp_path / "key"))


@pytest.mark.django_db(transaction=True)
def test_devices_appear_move_update_and_the_key_is_gone(acme, alice, publish, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    out = StringIO()
    try:
        with live_console() as url:
            options = {"url": url, "count": 6, "interval": 0.3, "stdout": out}
            call_command("simulate_devices", email=alice.email, duration=3, **options)
            assert Device.objects.count() == 6
            assert DeviceState.objects.filter(checkins__gte=2).count() == 6
            assert ApiKey.objects.get().is_revoked

            device = Device.objects.order_by("pk").first()
            artifact = publish(device, "99.0.1")
            secret = make_api_key(device.organization)[1]
            (tmp_path / "key").write_text(secret)
            file = str(tmp_path / "key")
            call_command("simulate_devices", api_key_file=file, duration=8, **options)
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert Device.objects.count() == 6
    state = DeviceState.objects.get(device=device)
    assert (state.version, state.offer_state) == ("99.0.1", "installed")
    assert state.installed_build == artifact.build
    assert "0 errors" in out.getvalue()
