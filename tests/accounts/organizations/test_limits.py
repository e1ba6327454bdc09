"""Limits: who sets them, what they stop, what the pages and devices say."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from accounts.services.limits import organization_limit, usage_of
from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.conf import build_settings
from builds.exceptions import BuildUserError
from builds.models import Artifact
from builds.services import build_start
from builds.services.execution import _Execution
from core.exceptions import DomainError
from devices.models import Device
from devices.services import device_create
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

pytestmark = pytest.mark.django_db
REACHED = "accounts.limit_reached"


def refused(code):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


@pytest.fixture
def plant(acme):
    return OrganizationFactory(name="Plant", parent=acme)


def register(organization, key, mac):
    body = {"registration": {"owner": organization.owner_id, "mac": mac}}
    answer = Client().post(
        "/device/register",
        json.dumps(body),
        content_type="application/json",
        headers={"Authentication": key},
    )
    return answer.status_code, answer.json()


def test_admin_above_sets_limits_and_it_is_audited(signed_in, alice, plant):
    url = f"/accounts/organizations/{plant.uid}/limits/"
    answer = signed_in(alice).post(url, {"max_devices": "3", "max_storage_mb": ""})
    assert answer.status_code == 302
    plant.refresh_from_db()
    assert (plant.max_devices, plant.max_concurrent_builds) == (3, None)
    event = AuditEvent.objects.get(verb="accounts.limits_changed")
    assert event.data["changes"] == {"max_devices": {"before": None, "after": 3}}


def test_nobody_sets_the_limits_of_their_own(act, alice, system, acme):
    with refused("accounts.may_not_limit"):
        organization_limit(act(alice), organization=acme, max_devices=9)
    organization_limit(system, organization=acme, max_devices=9)


def test_device_past_the_limit_is_refused_with_a_sentence(act, alice, acme):
    acme.max_devices = 1
    acme.save()
    device_create(act(alice), organization=acme, alias="one", platform="arduino")
    with refused(REACHED) as caught:
        device_create(act(alice), organization=acme, alias="two", platform="arduino")
    assert caught.value.message == (
        "Acme may have 1 device, and that is reached. Delete devices or ask for more."
    )
    assert caught.value.status == 429


def test_limit_above_counts_everything_below(act, alice, acme, plant):
    acme.max_devices = 2
    acme.save()
    DeviceFactory(organization=acme)
    DeviceFactory(organization=plant)
    with refused(REACHED):
        device_create(act(alice), organization=plant, alias="three", platform="arduino")


def test_new_device_that_calls_past_the_limit_is_told_so_and_known_ones_go_on(acme):
    acme.max_devices = 1
    acme.save()
    _, key = make_api_key(acme)
    assert register(acme, key, "5CCF7F000001")[1]["registration"]["success"] is True
    assert register(acme, key, "5CCF7F000002") == (
        200,
        {"success": False, "response": "device_limit_reached"},
    )
    assert register(acme, key, "5CCF7F000001")[1]["registration"]["success"] is True
    assert Device.objects.filter(organization=acme).count() == 1


def test_build_past_the_limit_of_builds_at_once_is_refused(act, olga, acme):
    acme.max_concurrent_builds = 1
    acme.save()
    source = SourceFactory(organization=acme)
    running = BuildFactory(source=source, running=True, number=50)
    device = DeviceFactory(organization=acme, source=source)
    with refused(REACHED):
        build_start(act(olga), device=device)
    running.status = BuildStatus.SUCCEEDED
    running.save()
    assert build_start(act(olga), device=device)


def test_build_with_full_storage_is_refused(act, olga, acme):
    acme.max_storage_mb = 1
    acme.save()
    source = SourceFactory(organization=acme)
    ArtifactFactory(build__source=source, size=1024 * 1024)
    with refused(REACHED):
        build_start(act(olga), device=DeviceFactory(organization=acme, source=source))


def test_usage_shows_the_tightest_limit(acme, plant):
    acme.max_devices, plant.max_devices = 10, 100
    acme.save()
    plant.save()
    DeviceFactory.create_batch(2, organization=plant)
    devices = usage_of(plant)[0]
    assert (devices.used, devices.limit, devices.holder.name) == (2, 10, "Acme")
    assert (devices.percent, devices.tone) == (20, "ok")


def test_overview_shows_bars_with_numbers(signed_in, alice, acme):
    acme.max_devices = 4
    acme.save()
    DeviceFactory.create_batch(3, organization=acme)
    page = signed_in(alice).get(f"/accounts/organizations/{acme.uid}/").text
    assert "3 of 4" in page
    assert 'value="75"' in page


def test_limits_of_others_are_not_for_members(signed_in, olga, alice, plant, mallory):
    url = f"/accounts/organizations/{plant.uid}/limits/"
    for who, status in ((olga, 403), (mallory, 404)):
        assert signed_in(who).post(url, {"max_devices": "9"}).status_code == status
    join(olga, plant)
    assert signed_in(olga).post(url, {"max_devices": "9"}).status_code == 422
    plant.refresh_from_db()
    assert plant.max_devices is None


def test_artifacts_that_do_not_fit_fail_the_build(acme):
    acme.max_storage_mb = 1
    acme.save()
    build = BuildFactory(source__organization=acme, running=True)
    execution = _Execution(build, build_settings())
    fitting, too_large = Artifact(size=1024 * 1024), Artifact(size=1024 * 1024 + 1)
    execution._require_storage([fitting])
    with refused("build.user.storage_full") as caught:
        execution._require_storage([too_large])
    assert isinstance(caught.value, BuildUserError)
