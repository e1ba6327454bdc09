"""Meshes over REST."""

from __future__ import annotations

import pytest

from devices.models import MeshMember
from devices.services import device_create
from tests.factories.devices import DeviceFactory, MeshFactory


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


@pytest.fixture
def mesh(acme):
    return MeshFactory(organization=acme, mesh_id="greenhouse")


def test_admin_adds_a_mesh_and_finds_it_where_the_answer_says(api, acme):
    body = {"mesh_id": "pumps", "organization": f"{acme.uid}"}
    answer = api.post("meshes/", body)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["alias"], shown["topic"]) == ("pumps", f"/{acme.owner_id}/pumps")
    assert api.get(shown["href"].removeprefix("http://testserver")).json() == shown
    again = api.post("meshes/", body)
    assert (again.status_code, again.json()["code"]) == (409, "devices.mesh_id_taken")


@pytest.mark.parametrize("text", ["a/b", "#", "", "x" * 65, 5, None, ["a"]])
def test_bad_id_is_400_with_its_field(api, acme, text):
    answer = api.post("meshes/", {"mesh_id": text, "organization": f"{acme.uid}"})
    if text == 5:
        assert answer.json()["mesh_id"] == "5"
        return
    assert answer.status_code == 400
    assert "mesh_id" in answer.json()["fields"]


def test_id_of_a_mesh_is_fixed(api, mesh):
    answer = api.patch(f"meshes/{mesh.uid}/", {"mesh_id": "other"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["mesh_id"])
    assert api.patch(f"meshes/{mesh.uid}/", {"alias": "North"}).json()["alias"] == "North"


def test_device_joins_and_leaves(api, acme, mesh):
    device = DeviceFactory(organization=acme)
    body = {"device": f"{device.uid}"}
    for _ in range(2):
        assert api.post(f"meshes/{mesh.uid}/attach/", body).json()["device_count"] == 1
    assert api.get(f"devices/{device.uid}/").json()["meshes"] == [f"{mesh.uid}"]
    found = api.get(f"devices/?mesh={mesh.uid}").json()["results"]
    assert [row["uid"] for row in found] == [f"{device.uid}"]
    assert api.get(f"meshes/?device={device.uid}").json()["results"][0]["uid"] == f"{mesh.uid}"
    assert api.post(f"meshes/{mesh.uid}/detach/", body).json()["device_count"] == 0
    assert api.get(f"devices/{device.uid}/").json()["meshes"] == []


def test_foreign_device_does_not_exist(api, umbrella, mesh):
    device = DeviceFactory(organization=umbrella)
    answer = api.post(f"meshes/{mesh.uid}/attach/", {"device": f"{device.uid}"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["device"])


def test_device_that_one_may_only_view_does_not_join(api, alice, acme, mesh, system, umbrella):
    from accounts.services.sharing import object_share

    shared = device_create(system, organization=umbrella, alias="theirs")
    object_share(system, obj=shared, to=alice, actions=("view",))
    answer = api.post(f"meshes/{mesh.uid}/attach/", {"device": f"{shared.uid}"})
    assert answer.status_code == 403
    assert not MeshMember.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
def test_lesser_role_and_outsider_change_nothing(request, api_as, acme, mesh, who, status):
    api = api_as(request.getfixturevalue(who))
    body = {"device": f"{DeviceFactory(organization=acme).uid}"}
    assert api.post(f"meshes/{mesh.uid}/attach/", body).status_code == status
    assert api.patch(f"meshes/{mesh.uid}/", {"alias": "x"}).status_code == status
    assert api.delete(f"meshes/{mesh.uid}/").status_code == status


def test_who_was_given_one_device_learns_of_no_mesh(api_as, guest, acme, mesh, system):
    from accounts.services.sharing import object_share
    from devices.mesh_services import mesh_attach

    device = DeviceFactory(organization=acme)
    mesh_attach(system, mesh=mesh, device=device)
    object_share(system, obj=device, to=guest, actions=("view",))
    for url in (f"devices/{device.uid}/", "devices/"):
        answer = api_as(guest).get(url)
        assert f"{device.uid}" in answer.content.decode()
        assert f"{mesh.uid}" not in answer.content.decode()
        assert "greenhouse" not in answer.content.decode()
