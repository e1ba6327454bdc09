"""Does a device run the environment in force? Its page says so by the hash that it reports."""

from __future__ import annotations

import pytest

from builds.choices import BuildStatus
from builds.engine.environment import env_hash
from builds.environments import environment_hash, synchrony
from devices.models import Device, DeviceState
from keys.models import EnvVar
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory


@pytest.fixture
def device(acme):
    source = SourceFactory(organization=acme)
    device = DeviceFactory(organization=acme, alias="pump-1", source=source)
    EnvVar.objects.create(organization=acme, name="TOPIC", value="everyone")
    EnvVar.objects.create(organization=acme, device=device, name="TOPIC", value="only-me")
    EnvVar.objects.create(
        organization=acme, source=source, name="PASSWORD", value="s3cr3t", is_secret=True
    )
    return device


def reports(device, said: str) -> Device:
    DeviceState.objects.filter(device=device).update(env_hash=said)
    return Device.objects.select_related("organization", "source", "state").get(pk=device.pk)


def test_hash_is_of_what_a_build_would_write(device):
    assert environment_hash(device) == env_hash({"TOPIC": "only-me", "PASSWORD": "s3cr3t"})


@pytest.mark.parametrize("said", ["", "cafebabe", "cafebabe00"])
def test_device_that_does_not_know_its_environment_is_not_judged(device, said):
    assert synchrony(reports(device, said)).state == "unsaid"


def test_equal_hashes_are_sync(signed_in, olga, device):
    page = signed_in(olga).get(f"/devices/{device.uid}/environment/")
    assert "Not said" in page.text
    reports(device, environment_hash(device))
    page = signed_in(olga).get(f"/devices/{device.uid}/environment/")
    assert page.context["synchrony"].state == "in_sync"
    assert "SYNC" in page.text
    assert page.context["ways"] == []


def test_changed_secret_is_desync_and_says_what_to_do(signed_in, olga, device):
    reports(device, environment_hash(device))
    secret = EnvVar.objects.get(name="PASSWORD")
    secret.value = "other"
    secret.save()
    page = signed_in(olga).get(f"/devices/{device.uid}/environment/")
    assert page.context["synchrony"].state == "desync"
    assert [way.label for way in page.context["ways"]] == ["Build firmware", "Push configuration"]
    assert "s3cr3t" not in page.text
    assert environment_hash(device) not in page.text


def test_newest_build_that_has_the_values_waits_to_be_installed(device):
    BuildFactory(
        source=device.source,
        device=device,
        status=BuildStatus.SUCCEEDED,
        env_hash=environment_hash(device),
    )
    found = synchrony(reports(device, "a" * 64))
    assert found.state == "desync"
    assert "after its update" in found.sentence


def test_viewer_sees_the_state_and_no_buttons(signed_in, vera, device):
    reports(device, "a" * 64)
    page = signed_in(vera).get(f"/devices/{device.uid}/environment/")
    assert "DESYNC" in page.text
    assert page.context["ways"] == []


def test_guest_who_may_not_view_the_source_reads_the_same_state(signed_in, guest, device):
    from guardian.shortcuts import assign_perm

    assign_perm("devices.view_device", guest, device)
    reports(device, environment_hash(device))
    page = signed_in(guest).get(f"/devices/{device.uid}/environment/")
    assert page.context["synchrony"].state == "in_sync"
    assert "PASSWORD" not in page.text
