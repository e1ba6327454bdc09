"""A device's page: firmware and its way into the device, check-in, tabs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import Actor
from builds.choices import BuildStatus
from devices.health import update_loop
from devices.models import Device, DeviceState
from devices.querysets import with_newest_build
from keys.models import EnvVar
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

TABS = ("", "builds/", "environment/", "audit/")


@pytest.fixture
def device(acme):
    source = SourceFactory(organization=acme, alias="pump-firmware")
    return DeviceFactory(organization=acme, alias="pump-1", source=source)


@pytest.fixture
def build(device):
    return BuildFactory(
        source=device.source,
        device=device,
        status=BuildStatus.SUCCEEDED,
        version="1.0.2",
        finished_at=timezone.now(),
    )


def report(device, **said):
    DeviceState.objects.filter(device=device).update(last_seen_at=timezone.now(), **said)


def loop_of(device, build) -> dict[str, str]:
    row = with_newest_build(Device.objects.select_related("state")).get(pk=device.pk)
    return {step.label: step.state for step in update_loop(row, build)}


@pytest.mark.parametrize("tab", TABS)
def test_operator_opens_each_tab_of_a_device(signed_in, olga, device, tab):
    page = signed_in(olga).get(f"/devices/{device.uid}/{tab}")
    assert page.status_code == 200
    assert "pump-1" in page.text


@pytest.mark.parametrize("tab", TABS)
def test_outsider_opens_device_is_404(signed_in, mallory, device, tab):
    assert signed_in(mallory).get(f"/devices/{device.uid}/{tab}").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_stranger_opens_device_is_sent_to_sign_in(client, device, tab):
    assert client.get(f"/devices/{device.uid}/{tab}").status_code == 302


def test_viewer_opens_device_sees_no_button_that_changes(signed_in, vera, device):
    page = signed_in(vera).get(device.get_absolute_url())
    assert page.status_code == 200
    assert "Build firmware" not in page.text.split("page-head")[1].split("</header>")[0]
    assert page.context["object_actions"] == []
    assert "Audit" not in [tab["label"] for tab in page.context["tabs"]]


def test_page_of_a_new_device_says_that_it_never_called(signed_in, olga, device):
    page = signed_in(olga).get(device.get_absolute_url())
    assert "It has not called yet" in page.text
    assert "No build for this device succeeded yet." in page.text


def test_page_shows_what_the_last_check_in_said(signed_in, olga, device):
    report(device, version="1.0.1", status="Pressure 3.2 bar", rssi="-61", address="10.1.2.3")
    page = signed_in(olga).get(device.get_absolute_url())
    assert "Pressure 3.2 bar" in page.text
    assert "-61 dBm" in page.text
    assert "10.1.2.3" in page.text


def test_update_walks_from_built_to_installed(device, build):
    report(device, version="1.0.1")
    assert loop_of(device, build) == {
        "Built": "done", "Offered": "pending", "Downloaded": "pending", "Installed": "pending",
    }  # fmt: skip
    report(device, offered_build=build, offer_state="offered", offered_at=timezone.now())
    assert loop_of(device, build)["Downloaded"] == "running"
    report(device, offer_state="downloaded")
    assert loop_of(device, build)["Installed"] == "running"
    report(
        device,
        offer_state="installed",
        installed_build=build,
        installed_at=timezone.now(),
        version="1.0.2",
    )
    assert set(loop_of(device, build).values()) == {"done"}


def test_update_that_the_device_gave_up_shows_as_failed(signed_in, olga, device, build):
    report(device, version="1.0.1", offered_build=build, offer_state="failed")
    assert loop_of(device, build)["Downloaded"] == "failed"
    page = signed_in(olga).get(device.get_absolute_url())
    assert "The device gave this build up" in page.text


def test_page_says_when_it_was_installed(signed_in, olga, device, build):
    at = timezone.now() - timedelta(hours=2)
    report(device, version="1.0.2", installed_build=build, installed_at=at, offer_state="installed")
    page = signed_in(olga).get(device.get_absolute_url())
    assert "installed <time" in page.text
    assert "2 h ago" in page.text
    assert "The device runs its newest build." in page.text


def test_build_without_delivery_says_that_it_waits(signed_in, olga, device, build):
    type(build).objects.filter(pk=build.pk).update(deliver=False)
    report(device, version="1.0.1")
    page = signed_in(olga).get(device.get_absolute_url())
    assert "Built without delivery" in page.text


def test_environment_tab_shows_the_nearest_level_and_no_secret(signed_in, olga, acme, device):
    EnvVar.objects.create(organization=acme, name="TOPIC", value="everyone")
    EnvVar.objects.create(organization=acme, device=device, name="TOPIC", value="only-me")
    EnvVar.objects.create(
        organization=acme, source=device.source, name="PASSWORD", value="s3cr3t", is_secret=True
    )
    page = signed_in(olga).get(f"/devices/{device.uid}/environment/")
    assert "only-me" in page.text
    assert "everyone" not in page.text
    assert "s3cr3t" not in page.text
    assert f"device={device.uid}" in page.text


def test_guest_of_one_device_sees_no_variable_of_the_organization(signed_in, guest, acme, device):
    from guardian.shortcuts import assign_perm

    EnvVar.objects.create(organization=acme, name="TOPIC", value="everyone")
    assign_perm("devices.view_device", guest, device)
    page = signed_in(guest).get(f"/devices/{device.uid}/environment/")
    assert page.status_code == 200
    assert "TOPIC" not in page.text


def test_audit_tab_shows_what_was_done_to_the_device(signed_in, alice, act, acme):
    from devices.services import device_create, device_edit

    device = device_create(act(alice), organization=acme, alias="pump-9")
    device_edit(act(alice), device=device, alias="pump-10")
    page = signed_in(alice).get(f"/devices/{device.uid}/audit/")
    assert "Device added" in page.text
    assert "Device changed" in page.text


def test_page_listens_for_changes_of_its_device(signed_in, olga, device):
    page = signed_in(olga).get(device.get_absolute_url())
    assert f'data-live="device.{device.uid}"' in page.text


def test_page_takes_the_same_queries_for_much_data(
    signed_in, olga, acme, device, django_assert_max_num_queries
):
    from devices.mesh_services import mesh_attach
    from tests.factories.builds import ArtifactFactory
    from tests.factories.devices import MeshFactory

    client = signed_in(olga)
    client.get(device.get_absolute_url())
    with CaptureQueriesContext(connection) as bare:
        client.get(device.get_absolute_url())
    builds = [
        BuildFactory(
            source=device.source, device=device, status=BuildStatus.SUCCEEDED, version=f"1.0.{n}"
        )
        for n in range(5)
    ]
    for build in builds:
        ArtifactFactory(build=build, is_firmware=True)
        ArtifactFactory(build=build, name="notes.txt")
    for _ in range(4):
        mesh_attach(Actor.named_system("tests"), mesh=MeshFactory(organization=acme), device=device)
    report(device, version="1.0.1", installed_build=builds[1], lat=50.1, lon=14.4)
    with django_assert_max_num_queries(len(bare) + 2):  # the builds, and their files
        page = client.get(device.get_absolute_url())
    assert len(bare) <= 40
    assert page.context["installed"].file.build_id == builds[1].pk
    assert page.context["available"].build == builds[4]


def test_firmware_stands_side_by_side(signed_in, olga, device):
    from tests.factories.builds import ArtifactFactory

    for version, commit in (("1.0.1", "a" * 40), ("1.0.2", "b" * 40)):
        build = BuildFactory(
            source=device.source,
            device=device,
            status=BuildStatus.SUCCEEDED,
            version=version,
            commit=commit,
            finished_at=timezone.now(),
        )
        ArtifactFactory(build=build, is_firmware=True, size=2048, sha256=commit[:1] * 64)
        if version == "1.0.1":
            report(device, version="1.0.1", installed_build=build)
    page = signed_in(olga).get(device.get_absolute_url())
    for text in ("a" * 40, "b" * 40, "a" * 64, "b" * 64, "2.0"):
        assert text in page.text
    assert "devices take only what is newer" in page.text


@pytest.mark.parametrize(
    ("lat", "lon", "words"),
    [
        (50.0755, 14.4378, "50.07550° N, 14.43780° E"),
        (-33.9, -179.9, "33.90000° S, 179.90000° W"),
        (89.5, 179.5, "89.50000° N, 179.50000° E"),
    ],
)
def test_place_of_a_device_is_a_map_and_words(signed_in, olga, device, lat, lon, words):
    report(device, lat=lat, lon=lon)
    page = signed_in(olga).get(device.get_absolute_url())
    assert f"pump-1 is at {words}" in page.text
    assert "world.svg#land" in page.text
    left, top, width, height = map(float, page.context["place"].box.split())
    assert -1800 <= left <= 1800 - width
    assert -900 <= top <= 900 - height
    assert left <= 10 * lon <= left + width
    assert top <= -10 * lat <= top + height


@pytest.mark.parametrize(("lat", "lon"), [(None, None), (0.0, 0.0), (50.0, None), (91.0, 5.0)])
def test_device_without_a_place_has_no_map(signed_in, olga, device, lat, lon):
    report(device, lat=lat, lon=lon)
    assert "world.svg" not in signed_in(olga).get(device.get_absolute_url()).text


@pytest.mark.parametrize(
    ("minutes", "label"), [(0, "Late from"), (8, "Late since"), (60, "Offline since")]
)
def test_page_says_since_when_a_device_is_late(signed_in, olga, device, minutes, label):
    report(device)
    at = timezone.now() - timedelta(minutes=minutes)
    DeviceState.objects.filter(device=device).update(last_seen_at=at)
    page = signed_in(olga).get(device.get_absolute_url())
    assert label in [fact.label for fact in page.context["facts"]]


def test_device_that_never_called_is_not_late(signed_in, olga, device):
    page = signed_in(olga).get(device.get_absolute_url())
    labels = {fact.label for fact in page.context["facts"]}
    assert not labels & {"Late from", "Late since", "Offline since"}
