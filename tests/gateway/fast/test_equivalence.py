"""Whatever a device says, the fast way says and stores what the services would, or leaves it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from devices.models import Device, DeviceState
from gateway.fast.app import _said
from gateway.fast.calls import KEPT, read_call
from gateway.fast.statements import store
from tests.factories.devices import DeviceFactory
from tests.gateway.reports import REPORTS

pytestmark = pytest.mark.django_db
# The columns that an ordinary check-in may change.
CHANGING = {
    *KEPT, "status", "level", "status_raw", "status_error", "transform_due_at", "rssi", "snr",
    "station", "checkins", "address",
    "last_key_prefix", "last_seen_at",
}  # fmt: skip
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
EARLIER = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["", "1.0.0"]),
        "env_hash": st.sampled_from(["", "e1"]),
        "status": st.sampled_from(["", "old"]),
        "timezone_name": st.sampled_from(["UTC", "Europe/Prague"]),
        "push_token": st.sampled_from(["", "b" * 64]),
        "rssi": st.sampled_from(["", "-80"]),
        "status_raw": st.sampled_from(["", "old"]),
        "has_chain": st.booleans(),
        "status_error": st.sampled_from(["", "It failed."]),
        "transform_due_at": st.sampled_from([None, EARLY]),
    }
)


def device_of(acme, earlier):
    device = DeviceFactory(organization=acme, mac="", alias="probe")
    DeviceState.objects.update_or_create(device=device, defaults=earlier)
    return device


def rows_of(device):
    state = DeviceState.objects.values().get(device=device)
    row = Device.objects.values("alias", "mac", "platform", "fcid").get(pk=device.pk)
    return {k: v for k, v in state.items() if k != "device_id"}, row


def undated(state):
    """Leave out when it was stored, but not whether a run of the transformers is due since."""
    due = state["transform_due_at"]
    return {**state, "last_seen_at": 0, "transform_due_at": due if due in {None, EARLY} else "now"}


def timeless(said):
    return {k: v for k, v in said["registration"].items() if k not in {"udid", "timestamp"}}


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fields=REPORTS, earlier=EARLIER)
def test_fast_way_is_the_services_way(acme, key, register, fields, earlier):
    by_services, by_fast = device_of(acme, earlier), device_of(acme, earlier)
    before = rows_of(by_fast)
    sent = {"owner": acme.owner_id, "udid": by_fast.udid, **fields}
    call = read_call(key, json.dumps({"registration": sent}).encode(), "127.0.0.1")
    stored = store([call], timezone.now()).get(0)
    event("left to the services" if stored is None else "taken")
    _, said = register(mac=None, udid=by_services.udid, **fields)
    state, row = rows_of(by_services)
    if stored is None:
        assert rows_of(by_fast) == before
        changed = {name for name in state if state[name] != before[0][name]}
        assert changed - CHANGING or row != before[1], "an ordinary check-in was left"
        return
    assert json.loads(_said(call, stored))["registration"].keys() == said["registration"].keys()
    assert timeless(json.loads(_said(call, stored))) == timeless(said)
    fast_state, fast_row = rows_of(by_fast)
    assert undated(fast_state) == undated(state)
    assert fast_row == row
