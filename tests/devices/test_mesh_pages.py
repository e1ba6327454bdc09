"""Pages of meshes: who sees and changes what, joining and leaving, counts, queries."""

from __future__ import annotations

import pytest

from devices import mesh_services as services
from devices.models import Device, Mesh, MeshMember
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.support.queries import queries_of

LIST = "/meshes/"


@pytest.fixture
def mesh(system, acme):
    return services.mesh_create(
        system, organization=acme, mesh_id="greenhouse-1", alias="Greenhouse"
    )


@pytest.fixture
def devices(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}") for n in range(3)]


def page_of(mesh) -> str:
    return f"{LIST}{mesh.uid}/"


def members(mesh) -> list[str]:
    return sorted(device.alias for device in mesh.devices.all())


def test_viewer_sees_the_list_with_counts_and_the_page_with_devices(
    signed_in, vera, system, mesh, devices
):
    for device in devices[:2]:
        services.mesh_attach(system, mesh=mesh, device=device)
    client = signed_in(vera)
    listed = client.get(LIST)
    assert [row.record.device_count for row in listed.context["table"].rows] == [2]
    page = client.get(page_of(mesh)).text
    assert mesh.topic in page
    assert "pump-1" in page
    assert "pump-2" not in page
    assert "Detach" not in page


def test_outsider_is_told_nothing(signed_in, mallory, mesh):
    client = signed_in(mallory)
    assert "Greenhouse" not in client.get(LIST).text
    assert client.get(page_of(mesh)).status_code == 404


def test_operator_adds_a_mesh_and_lands_on_its_page(in_acme, olga, acme):
    answer = in_acme(olga).post(f"{LIST}add/", {"alias": "Pumps", "mesh_id": "pumps"})
    mesh = Mesh.objects.get()
    assert answer["Location"] == page_of(mesh)
    assert (mesh.organization, mesh.mesh_id) == (acme, "pumps")


@pytest.mark.parametrize("mesh_id", ["a/b", "shared", "greenhouse-1"])
def test_bad_or_taken_id_is_said_beside_its_field(in_acme, olga, mesh, mesh_id):
    answer = in_acme(olga).post(f"{LIST}add/", {"alias": "Pumps", "mesh_id": mesh_id})
    assert answer.status_code == 422
    assert "mesh_id" in answer.context["form"].errors


def test_operator_renames_and_cannot_change_the_id(signed_in, olga, mesh):
    client = signed_in(olga)
    assert 'name="mesh_id"' not in client.get(f"{page_of(mesh)}edit/").text
    client.post(f"{page_of(mesh)}edit/", {"alias": "North", "mesh_id": "other"})
    mesh.refresh_from_db()
    assert (mesh.alias, mesh.mesh_id) == ("North", "greenhouse-1")


def test_deletion_says_who_leaves(signed_in, olga, system, mesh, devices):
    services.mesh_attach(system, mesh=mesh, device=devices[0])
    client = signed_in(olga)
    assert "1 device leaves it" in client.get(f"{page_of(mesh)}delete/").text
    client.post(f"{page_of(mesh)}delete/")
    assert not Mesh.objects.exists()
    assert Device.objects.count() == 3


def test_operator_attaches_devices_by_name_id_and_mac(signed_in, olga, mesh, devices):
    text = f"pump-0, {devices[1].udid}\r\n{devices[2].mac.lower().replace(':', '')}\n\n"
    answer = signed_in(olga).post(f"{page_of(mesh)}attach/", {"devices": text})
    assert answer["Location"] == page_of(mesh)
    assert members(mesh) == ["pump-0", "pump-1", "pump-2"]


def test_unknown_foreign_and_ambiguous_devices_are_named_and_none_attached(
    signed_in, olga, mesh, devices, acme, umbrella
):
    DeviceFactory(organization=acme, alias="pump-1")
    DeviceFactory(organization=umbrella, alias="foreign")
    form = {"devices": "pump-0\nnobody\nforeign\npump-1"}
    answer = signed_in(olga).post(f"{page_of(mesh)}attach/", form)
    assert answer.status_code == 422
    said = answer.context["form"].errors["devices"]
    assert [text.split("”")[0].strip("“") for text in said] == ["nobody", "foreign", "pump-1"]
    assert members(mesh) == []


def test_operator_detaches_on_the_page_of_the_mesh(signed_in, olga, system, mesh, devices):
    services.mesh_attach(system, mesh=mesh, device=devices[0])
    client = signed_in(olga)
    url = f"/devices/{devices[0].uid}/mesh-detach/?mesh={mesh.uid}"
    assert url in client.get(page_of(mesh)).text
    assert "leaves Greenhouse" in client.get(url).text
    assert client.post(url)["Location"] == page_of(mesh)
    assert members(mesh) == []
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
def test_lesser_role_and_outsider_change_nothing(
    request, signed_in, system, mesh, devices, who, status
):
    services.mesh_attach(system, mesh=mesh, device=devices[0])
    client = signed_in(request.getfixturevalue(who))
    pages = [f"{page_of(mesh)}{verb}/" for verb in ("edit", "delete", "attach")]
    pages += [
        f"/devices/{devices[0].uid}/meshes/",
        f"/devices/{devices[0].uid}/mesh-detach/?mesh={mesh.uid}",
    ]
    answers = {client.post(page, {"devices": "pump-1", "alias": "x"}).status_code for page in pages}
    assert answers == {status}
    assert members(mesh) == ["pump-0"]


def test_device_page_shows_and_changes_its_meshes(signed_in, olga, system, acme, mesh, devices):
    other = services.mesh_create(system, organization=acme, mesh_id="attic")
    services.mesh_attach(system, mesh=mesh, device=devices[0])
    client = signed_in(olga)
    page = f"/devices/{devices[0].uid}/"
    assert page_of(mesh) in client.get(page).text
    form = client.get(f"{page}meshes/").context["form"]
    assert form["meshes"].value() == [mesh.uid]
    client.post(f"{page}meshes/", {"meshes": [f"{other.uid}"]})
    devices[0].refresh_from_db()
    assert devices[0].mesh_ids == ["attic"]


def test_foreign_mesh_cannot_be_chosen_for_a_device(signed_in, olga, umbrella, devices):
    foreign = MeshFactory(organization=umbrella)
    page = f"/devices/{devices[0].uid}/meshes/"
    answer = signed_in(olga).post(page, {"meshes": [f"{foreign.uid}"]})
    assert answer.status_code == 422
    assert not MeshMember.objects.exists()


def test_operator_attaches_and_detaches_the_selected_devices(signed_in, olga, mesh, devices):
    client = signed_in(olga)
    form = {"mesh": f"{mesh.uid}", "confirm": "1", "selected": [f"{d.uid}" for d in devices[:2]]}
    client.post("/bulk-jobs/start/mesh-attach/", form)
    assert members(mesh) == ["pump-0", "pump-1"]
    client.post("/bulk-jobs/start/mesh-detach/", {**form, "selected": [f"{devices[0].uid}"]})
    assert members(mesh) == ["pump-1"]


def test_list_of_devices_is_narrowed_to_a_mesh(signed_in, vera, system, mesh, devices):
    services.mesh_attach(system, mesh=mesh, device=devices[1])
    page = signed_in(vera).get(f"/devices/?mesh={mesh.uid}")
    assert [row.record.alias for row in page.context["table"].rows] == ["pump-1"]


def test_who_was_given_one_device_learns_of_no_mesh(signed_in, guest, system, mesh, devices):
    from accounts.services.sharing import object_share

    services.mesh_attach(system, mesh=mesh, device=devices[0])
    object_share(system, obj=devices[0], to=guest, actions=("view",))
    page = signed_in(guest).get(f"/devices/{devices[0].uid}/").text
    assert "pump-0" in page
    assert "Greenhouse" not in page
    assert "greenhouse-1" not in page


def test_queries_do_not_grow_with_meshes_and_devices(signed_in, olga, system, acme, mesh):
    client = signed_in(olga)
    services.mesh_attach(system, mesh=mesh, device=DeviceFactory(organization=acme))
    first = [queries_of(client, url) for url in (LIST, page_of(mesh))]
    MeshFactory.create_batch(9, organization=acme)
    for device in DeviceFactory.create_batch(9, organization=acme):
        services.mesh_attach(system, mesh=mesh, device=device)
    assert [queries_of(client, url) for url in (LIST, page_of(mesh))] == first


def test_search_finds_a_mesh_by_its_id(signed_in, vera, mesh):
    assert page_of(mesh) in signed_in(vera).get("/search/?q=house-1").text
