"""Variables at the level of a mesh: who gets them, and what wins."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from builds.engine.environment import env_hash
from core.exceptions import DomainError
from devices.mesh_following import meshes_follow
from devices.mesh_services import mesh_attach, mesh_delete, mesh_edit
from keys.models import EnvVar
from keys.pasted import PastedVariable
from keys.selectors import effective_variables
from keys.services import env_var_set, env_vars_import
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory


@pytest.fixture
def source(acme):
    return SourceFactory(organization=acme)


@pytest.fixture
def device(acme, source):
    return DeviceFactory(organization=acme, source=source)


@pytest.fixture
def mesh(acme, device, system):
    found = MeshFactory(organization=acme, mesh_id="b-attic", alias="Attic")
    mesh_attach(system, mesh=found, device=device)
    return found


def in_force(device) -> dict[str, tuple[str, str]]:
    found = effective_variables(device.organization, source=device.source, device=device)
    return {entry.name: (entry.level, entry.variable.shown_value) for entry in found}


def test_nearest_level_wins_device_over_mesh_over_source_over_organization(
    acme, source, mesh, device, system
):
    levels = ({}, {"source": source}, {"mesh": mesh}, {"device": device})
    for n, level in enumerate(levels):
        for name in ("A", "B", "C", "D")[n:]:
            env_var_set(system, organization=acme, name=name, value=f"{n}", **level)
    assert in_force(device) == {
        "A": ("organization", "0"),
        "B": ("source", "1"),
        "C": ("mesh", "2"),
        "D": ("device", "3"),
    }


def test_of_two_meshes_the_one_whose_id_comes_first_wins(acme, mesh, device, system):
    first = MeshFactory(organization=acme, mesh_id="a-cellar", alias="Zebra")
    mesh_attach(system, mesh=first, device=device)
    env_var_set(system, organization=acme, mesh=mesh, name="A", value="attic")
    env_var_set(system, organization=acme, mesh=first, name="A", value="cellar")
    assert in_force(device) == {"A": ("mesh", "cellar")}


def test_device_that_is_not_in_the_mesh_gets_nothing_of_it(acme, source, mesh, system):
    env_var_set(system, organization=acme, mesh=mesh, name="A", value="1")
    assert in_force(DeviceFactory(organization=acme, source=source)) == {}
    assert effective_variables(acme, source=source) == []


def test_joining_a_dynamic_mesh_changes_the_hash_of_the_environment(acme, mesh, device, system):
    def digest() -> str:
        return env_hash({name: value for name, (_, value) in in_force(device).items()})

    env_var_set(system, organization=acme, mesh=mesh, name="A", value="1")
    inside = digest()
    mesh_edit(system, mesh=mesh, rule="tag=other")
    meshes_follow()
    assert digest() != inside


def test_variable_has_one_level(acme, source, mesh, device):
    for level in ({"source": source, "mesh": mesh}, {"mesh": mesh, "device": device}):
        with pytest.raises(IntegrityError), transaction.atomic():
            EnvVar.objects.create(organization=acme, name="A", value="1", **level)


def test_mesh_of_another_organization_is_refused(umbrella, mesh, system):
    with pytest.raises(DomainError) as refused:
        env_var_set(system, organization=umbrella, mesh=mesh, name="A", value="1")
    assert refused.value.code == "keys.foreign_level"


def test_many_are_imported_at_the_level_of_a_mesh(acme, mesh, system):
    env_vars_import(
        system,
        organization=acme,
        mesh=mesh,
        variables=[PastedVariable(1, "A", "1"), PastedVariable(2, "B", "2")],
    )
    assert set(EnvVar.objects.filter(mesh=mesh).values_list("name", flat=True)) == {"A", "B"}


def test_variables_go_with_their_mesh(acme, mesh, system):
    env_var_set(system, organization=acme, mesh=mesh, name="A", value="1")
    mesh_delete(system, mesh=mesh)
    assert not EnvVar.objects.exists()


def test_operator_adds_one_on_the_page_of_the_mesh_and_devices_show_it(in_acme, olga, mesh, device):
    client = in_acme(olga)
    tab = client.get(f"/meshes/{mesh.uid}/environment/")
    assert f"/environment/add/?mesh={mesh.uid}" in tab.text.replace("&amp;", "&")
    assert "Environment of the device" not in tab.text
    form = {"name": "A", "value": "1", "mesh": f"{mesh.uid}"}
    client.post("/environment/add/", form)
    variable = EnvVar.objects.get()
    assert (variable.mesh, variable.level) == (mesh, "mesh")
    assert "Attic" in client.get(f"/environment/{variable.uid}/").text
    assert "Attic" in client.get("/environment/?level=mesh").text
    assert ">mesh<" in client.get(f"/devices/{device.uid}/environment/").text
    assert "1 variable goes with it" in client.get(f"/meshes/{mesh.uid}/delete/").text


def test_api_sets_one_for_a_mesh_and_refuses_two_levels(signed_in, olga, mesh, source):
    client = signed_in(olga)
    kind = {"content_type": "application/json"}
    body = {"name": "A", "value": "1", "mesh": f"{mesh.uid}"}
    made = client.post("/api/v1/env-vars/", body, **kind)
    assert (made.status_code, made.json()["level"], made.json()["mesh"]) == (
        201,
        "mesh",
        f"{mesh.uid}",
    )
    both = client.post(
        "/api/v1/env-vars/", {**body, "name": "B", "source": f"{source.uid}"}, **kind
    )
    assert both.status_code == 400
    assert "mesh" in both.json()["fields"]
