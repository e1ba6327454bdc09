"""Devices that a rollout has something for take the ordinary way; all others stay on the fast."""

from __future__ import annotations

import json

from django.utils import timezone

from builds.choices import BuildStatus
from fleet.rollouts.services import rollout_abort, rollout_start
from gateway.fast.calls import read_call
from gateway.fast.statements import store
from tests.factories.builds import BuildFactory
from tests.factories.rollouts import make_devices, make_rollout


def ordinary(acme, key, device) -> bool:
    body = {"registration": {"owner": acme.owner_id, "udid": device.udid}}
    call = read_call(key, json.dumps(body).encode(), "192.0.2.1")
    return bool(store([call], timezone.now()))


def test_device_of_a_rollout_takes_the_ordinary_way(acme, key, system, advance):
    device, other = make_devices(acme, 2)
    rollout = make_rollout(
        acme, plan={"waves": ["1"]}, devices=type(device).objects.filter(pk=device.pk)
    )
    assert ordinary(acme, key, device)
    rollout_start(system, rollout=rollout)
    advance()
    assert not ordinary(acme, key, device)
    assert ordinary(acme, key, other)
    rollout_abort(system, rollout=rollout)
    assert ordinary(acme, key, device)


def test_build_of_a_rollout_does_not_slow_a_device_down(acme, key):
    device = make_devices(acme, 1)[0]
    build = BuildFactory(
        source__organization=acme, device=device, status=BuildStatus.SUCCEEDED, is_held=True
    )
    assert ordinary(acme, key, device)
    type(build).objects.update(is_held=False)
    assert not ordinary(acme, key, device)
