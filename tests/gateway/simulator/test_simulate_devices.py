from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from devices.models import Device, DeviceState
from keys.models import ApiKey
from tests.factories.keys import make_api_key
from tests.gateway.live import live_console


def test_somebody_unknown_is_told(db):
    with pytest.raises(CommandError, match="Nobody"):
        call_command("simulate_devices", email="nobody@example.org")


def test_key_that_is_unknown_is_told(db, tmp_path):
    (tmp_path / "key").write_text("0" * 64)
    with pytest.raises(CommandError, match="--owner"):
        call_command("simulate_devices", api_key_file=str(tmp_path / "key"))


def test_too_many_devices_and_shares_that_are_none_are_told(db, alice):
    with pytest.raises(CommandError, match="20000"):
        call_command("simulate_devices", email=alice.email, count=20_001)
    with pytest.raises(CommandError, match="no share"):
        call_command("simulate_devices", "--email", alice.email, "--slow", "120%")
    with pytest.raises(CommandError, match="shares"):
        call_command("simulate_devices", email=alice.email, slow=0.7, silent=0.7)
    with pytest.raises(CommandError, match="broker"):
        call_command("simulate_devices", email=alice.email, mqtt="http://x")


@pytest.mark.django_db(transaction=True)
def test_devices_appear_move_update_and_the_key_is_gone(acme, alice, publish, tmp_path):
    out = StringIO()
    with live_console() as url:
        options = {"url": url, "count": 6, "interval": 0.3}
        call_command("simulate_devices", email=alice.email, duration=3, stdout=out, **options)
        assert "6 devices call" in out.getvalue()
        assert "states: 6 idle" in out.getvalue()
        assert Device.objects.count() == 6
        assert ApiKey.objects.get().is_revoked

        device = Device.objects.order_by("pk").first()
        artifact = publish(device, "99.0.1")
        (tmp_path / "key").write_text(make_api_key(device.organization)[1])
        file, out = str(tmp_path / "key"), StringIO()
        call_command(
            "simulate_devices", api_key_file=file, duration=8, json=True, stdout=out, **options
        )
    assert Device.objects.count() == 6
    state = DeviceState.objects.get(device=device)
    assert (state.version, state.offer_state) == ("99.0.1", "installed")
    assert state.installed_build == artifact.build
    found = json.loads(out.getvalue())
    assert found["states"] == {"idle": 5, "updated": 1}
    assert found["tally"]["updates"] == 1
    assert "errors" not in found["tally"]
