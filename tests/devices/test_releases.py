"""Letting go of a device and taking it back: services, pages, REST."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from core.exceptions import Conflict, QuotaExceeded
from devices.mesh_services import mesh_attach
from devices.models import Device, DeviceState
from devices.releases.models import ReleasedDevice
from devices.releases.services import device_reclaim, device_release, released_forget
from keys.models import ApiKey, EnvVar
from keys.services import firmware_key_for
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory

MAC = "5C:CF:7F:01:23:45"


@pytest.fixture
def device(acme):
    device = DeviceFactory(
        organization=acme,
        alias="pump-1",
        mac=MAC,
        source=SourceFactory(organization=acme),
        icon="droplet",
        category="pumps",
        tags=["roof"],
        description="By the door",
        checkin_interval=600,
    )
    DeviceState.objects.filter(device=device).update(timezone_name="Asia/Tokyo", timezone_offset=9)
    return device


@pytest.fixture
def released(system, device):
    return device_release(system, device=device)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_released_device_is_gone_with_its_key_and_variables(system, acme, device):
    firmware_key_for(system, device=device)
    EnvVar.objects.create(organization=acme, device=device, name="TOPIC", value="x")
    BuildFactory(source=device.source, device=device, succeeded=True)
    device_release(system, device=device)
    assert not Device.objects.exists()
    assert not ApiKey.objects.exists()
    assert not EnvVar.objects.exists()
    assert "devices.released" in verbs()


def test_reclaimed_device_is_as_people_had_set_it_up(system, acme, device):
    udid, source = device.uid, device.source
    mesh_attach(system, mesh=MeshFactory(organization=acme, mesh_id="north"), device=device)
    back = device_reclaim(system, released=device_release(system, device=device))
    back = Device.objects.select_related("state").get(pk=back.pk)
    assert (back.uid, back.mac, back.alias, back.source) == (udid, MAC, "pump-1", source)
    assert (back.icon, back.category, back.tags) == ("droplet", "pumps", ["roof"])
    assert (back.description, back.checkin_interval) == ("By the door", 600)
    assert (back.state.timezone_name, back.mesh_ids) == ("Asia/Tokyo", ["north"])
    assert not ReleasedDevice.objects.exists()
    assert "devices.reclaimed" in verbs()


def test_device_of_somebody_else_is_not_reclaimed(system, umbrella, released):
    theirs = DeviceFactory(organization=umbrella, uid=released.udid, alias="theirs", mac=MAC)
    with pytest.raises(Conflict) as refused:
        device_reclaim(system, released=released)
    assert refused.value.code == "devices.claimed"
    assert list(Device.objects.values_list("organization", "alias")) == [(umbrella.pk, "theirs")]
    assert ReleasedDevice.objects.exists()
    assert theirs.organization == umbrella


def test_mac_that_another_device_has_by_now_is_not_taken_from_it(system, acme, released):
    DeviceFactory(organization=acme, alias="second", mac=MAC)
    with pytest.raises(Conflict) as refused:
        device_reclaim(system, released=released)
    assert refused.value.code == "devices.mac_taken"
    assert Device.objects.get().alias == "second"


def test_device_is_reclaimed_once(system, released):
    again = ReleasedDevice.objects.get(pk=released.pk)
    device_reclaim(system, released=released)
    with pytest.raises(Conflict) as refused:
        device_reclaim(system, released=again)
    assert refused.value.code == "devices.not_released"
    assert Device.objects.count() == 1


def test_limit_of_devices_holds_for_reclaiming(system, acme, released):
    acme.max_devices = 0
    acme.save()
    with pytest.raises(QuotaExceeded):
        device_reclaim(system, released=released)
    assert ReleasedDevice.objects.exists()


def test_release_after_release_keeps_the_newest(system, device):
    back = device_reclaim(system, released=device_release(system, device=device))
    back.alias = "pump-2"
    back.save()
    device_release(system, device=back)
    assert ReleasedDevice.objects.get().alias == "pump-2"


def test_forgotten_device_is_not_kept(system, released):
    released_forget(system, released=released)
    assert not ReleasedDevice.objects.exists()
    assert "devices.release_forgotten" in verbs()


# --- pages ------------------------------------------------------------------------------------


def test_question_before_releasing_says_what_it_means(signed_in, olga, system, device):
    ArtifactFactory(build=BuildFactory(source=device.source, device=device, succeeded=True))
    firmware_key_for(system, device=device)
    page = signed_in(olga).get(f"/devices/{device.uid}/release/")
    assert "has it from then on" in page.text
    assert "1 build with 1 artifact and the log." in page.text
    assert "1 firmware key" in page.text
    assert "it can be re-claimed" in page.text


def test_operator_releases_and_reclaims_on_pages(signed_in, olga, device):
    client = signed_in(olga)
    answer = client.post(f"/devices/{device.uid}/release/", {"confirm": "1"})
    assert answer.url == "/released-devices/"
    page = client.get("/released-devices/")
    assert "pump-1" in page.text
    released = ReleasedDevice.objects.get()
    assert released.released_by == olga
    assert "comes back" in client.get(f"/released-devices/{released.uid}/reclaim/").text
    answer = client.post(f"/released-devices/{released.uid}/reclaim/", {"confirm": "1"})
    assert answer.url == f"/devices/{device.uid}/"


def test_page_says_that_somebody_else_has_it(signed_in, olga, umbrella, released):
    DeviceFactory(organization=umbrella, uid=released.udid)
    answer = signed_in(olga).post(f"/released-devices/{released.uid}/reclaim/", {"confirm": "1"})
    assert answer.status_code == 422
    assert "Somebody else has this device by now." in answer.text


@pytest.mark.parametrize("verb", ["reclaim", "delete"])
def test_viewer_only_sees_released_devices(signed_in, vera, released, verb):
    client = signed_in(vera)
    assert "pump-1" in client.get("/released-devices/").text
    assert client.post(f"/released-devices/{released.uid}/{verb}/").status_code == 403
    assert ReleasedDevice.objects.exists()


@pytest.mark.parametrize("verb", ["reclaim", "delete"])
def test_outsider_sees_no_released_device(signed_in, mallory, released, verb):
    client = signed_in(mallory)
    assert "pump-1" not in client.get("/released-devices/").text
    assert client.post(f"/released-devices/{released.uid}/{verb}/").status_code == 404


def test_viewer_releases_device_is_403(signed_in, vera, device):
    assert signed_in(vera).post(f"/devices/{device.uid}/release/").status_code == 403
    assert Device.objects.exists()


def test_outsider_releases_device_is_404(signed_in, mallory, device):
    assert signed_in(mallory).post(f"/devices/{device.uid}/release/").status_code == 404


def test_stranger_releases_device_is_sent_to_sign_in(client, device):
    assert client.post(f"/devices/{device.uid}/release/").status_code == 302
    assert Device.objects.exists()


def test_list_of_released_devices_takes_the_same_queries_for_many(
    signed_in, olga, acme, system, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(olga)
    device_release(system, device=DeviceFactory(organization=acme))
    client.get("/released-devices/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get("/released-devices/")
    for _ in range(5):
        device_release(system, device=DeviceFactory(organization=acme))
    with django_assert_num_queries(len(one)):
        client.get("/released-devices/")


# --- REST -------------------------------------------------------------------------------------


def test_device_is_released_and_reclaimed_over_rest(signed_in, olga, device):
    client = signed_in(olga)
    said = client.post(f"/api/v1/devices/{device.uid}/release/").json()
    assert (said["udid"], said["alias"], said["called_at"]) == (f"{device.uid}", "pump-1", None)
    [listed] = client.get("/api/v1/released-devices/").json()["results"]
    assert listed == said
    back = client.post(f"/api/v1/released-devices/{said['uid']}/reclaim/").json()
    assert (back["uid"], back["alias"], back["meshes"]) == (f"{device.uid}", "pump-1", [])


def test_rest_says_409_for_a_device_of_somebody_else(signed_in, olga, umbrella, released):
    DeviceFactory(organization=umbrella, uid=released.udid)
    answer = signed_in(olga).post(f"/api/v1/released-devices/{released.uid}/reclaim/")
    assert answer.status_code == 409
    assert answer.json()["code"] == "devices.claimed"


def test_released_device_is_forgotten_over_rest(signed_in, olga, vera, released):
    url = f"/api/v1/released-devices/{released.uid}/"
    assert signed_in(vera).delete(url).status_code == 403
    assert signed_in(olga).delete(url).status_code == 204
    assert not ReleasedDevice.objects.exists()
