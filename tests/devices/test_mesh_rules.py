"""Dynamic meshes: a rule says who is in, and the members follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import CustomRole, Membership
from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError
from devices import mesh_services as services
from devices.mesh_following import mesh_follow, meshes_follow
from devices.mesh_rules import clean_rule, is_restless
from devices.models import Device, DeviceState, Mesh, MeshMember
from devices.reports import DeviceReport
from devices.services import device_edit, device_report
from gateway.mqtt.access import principal_of_key
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.keys import make_api_key


@pytest.fixture
def pumps(acme):
    return [DeviceFactory(organization=acme, alias=f"pump-{n}", tags=["pump"]) for n in range(3)]


@pytest.fixture
def meter(acme):
    return DeviceFactory(organization=acme, alias="meter")


@pytest.fixture
def mesh(acme, system, pumps, meter):
    return services.mesh_create(system, organization=acme, mesh_id="pumps", rule="tag=pump")


def members(mesh) -> list[str]:
    rows = MeshMember.objects.filter(mesh=mesh).order_by("device__alias")
    return list(rows.values_list("device__alias", flat=True))


def later() -> None:
    """Let every mesh be due, as it is after a while."""
    Mesh.objects.exclude(rule="").update(due_at=timezone.now() - timedelta(seconds=1))


def test_devices_that_match_are_in_with_the_topic_they_are_told(mesh, pumps, umbrella):
    DeviceFactory(organization=umbrella, tags=["pump"])
    assert meshes_follow() == 1
    assert members(mesh) == ["pump-0", "pump-1", "pump-2"]
    assert Device.objects.get(pk=pumps[0].pk).mesh_ids == ["pumps"]
    assert meshes_follow() == 0


def test_edit_of_a_device_makes_the_rules_of_its_organization_due(mesh, pumps, meter, system):
    meshes_follow()
    device_edit(system, device=meter, tags=["pump"])
    device_edit(system, device=pumps[0], tags=[])
    assert meshes_follow() == 1
    assert members(mesh) == ["meter", "pump-1", "pump-2"]
    assert Device.objects.get(pk=pumps[0].pk).mesh_ids == []


def test_new_device_joins_when_it_first_calls(acme, system, mesh):
    services.mesh_edit(system, mesh=mesh, rule="platform=lua")
    meshes_follow()
    report = DeviceReport(mac="5C:CF:7F:00:00:77", platform="lua")
    device_report(system, organization=acme, report=report)
    meshes_follow()
    assert len(members(mesh)) == 1


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("version=2.", {"version": "2.0"}),
        ("level=error", {"level": "error"}),
        ("seen=online", {"last_seen_at": timezone.now}),
    ],
)
def test_what_devices_report_and_time_move_them_without_a_notice(mesh, pumps, system, rule, change):
    services.mesh_edit(system, mesh=mesh, rule=rule)
    meshes_follow()
    assert members(mesh) == []
    said = {name: value() if callable(value) else value for name, value in change.items()}
    DeviceState.objects.filter(device=pumps[1]).update(**said)
    later()
    meshes_follow()
    assert members(mesh) == ["pump-1"]


def test_rule_on_what_moves_by_itself_is_due_all_the_time_and_others_now_and_then(mesh, system):
    assert is_restless("seen=online")
    assert is_restless("q=pump&tag=a")
    assert not is_restless("source=null&tag=pump")
    meshes_follow()
    quiet = Mesh.objects.get(pk=mesh.pk).due_at
    services.mesh_edit(system, mesh=mesh, rule="seen=online")
    meshes_follow()
    assert Mesh.objects.get(pk=mesh.pk).due_at < quiet


def test_what_was_missed_is_caught_by_the_next_look(mesh, pumps):
    meshes_follow()
    Device.objects.filter(pk=pumps[0].pk).update(tags=[])
    assert meshes_follow() == 0
    later()
    assert meshes_follow() == 1
    assert members(mesh) == ["pump-1", "pump-2"]


def test_nobody_attaches_or_detaches_by_hand(mesh, pumps, meter, system):
    meshes_follow()
    for service, device in ((services.mesh_attach, meter), (services.mesh_detach, pumps[0])):
        with pytest.raises(Conflict) as refused:
            service(system, mesh=mesh, device=device)
        assert refused.value.code == "devices.mesh_is_dynamic"
    assert members(mesh) == ["pump-0", "pump-1", "pump-2"]


def test_static_mesh_becomes_dynamic_and_back_with_who_is_in_then(acme, system, pumps, meter):
    mesh = MeshFactory(organization=acme)
    services.mesh_attach(system, mesh=mesh, device=meter)
    services.mesh_edit(system, mesh=mesh, rule="tag=pump")
    meshes_follow()
    assert members(mesh) == ["pump-0", "pump-1", "pump-2"]
    services.mesh_edit(system, mesh=mesh, rule="")
    device_edit(system, device=pumps[0], tags=[])
    assert meshes_follow() == 0
    services.mesh_attach(system, mesh=mesh, device=meter)
    assert members(mesh) == ["meter", "pump-0", "pump-1", "pump-2"]
    changes = [e.data["changes"] for e in AuditEvent.objects.filter(verb="devices.mesh_changed")]
    assert all("rule" in change for change in changes)


def test_rule_that_changed_while_it_was_looked_at_moves_nobody(mesh, system):
    stale = Mesh.objects.get(pk=mesh.pk)
    services.mesh_edit(system, mesh=mesh, rule="tag=other")
    assert mesh_follow(stale) == (0, 0)
    assert members(mesh) == []


def test_device_that_is_in_as_many_meshes_as_it_may_is_left_out(mesh, pumps, acme, monkeypatch):
    monkeypatch.setattr("devices.mesh_following.MAX_MESHES", 1)
    other = MeshFactory(organization=acme)
    MeshMember.objects.create(mesh=other, device=pumps[0])
    meshes_follow()
    assert members(mesh) == ["pump-1", "pump-2"]


def test_connection_of_a_device_may_use_the_topic(mesh, pumps, acme, alice):
    key, _ = make_api_key(acme, user=alice)
    meshes_follow()
    principal = principal_of_key(key, pumps[0].udid)
    assert principal.allows(mesh.topic)
    Device.objects.filter(pk=pumps[0].pk).update(tags=[])
    later()
    meshes_follow()
    assert not principal_of_key(key, pumps[0].udid).allows(mesh.topic)


@pytest.mark.parametrize(
    "rule", ["mesh=null", "colour=red", "seen=whenever", "tag=", "?page=2", "words", "x" * 3000]
)
def test_rule_that_is_not_understood_is_refused_by_name(acme, system, rule):
    with pytest.raises(DomainError) as refused:
        services.mesh_create(system, organization=acme, rule=rule)
    assert refused.value.code == "devices.bad_rule"
    assert refused.value.fields["rule"]
    assert not Mesh.objects.exists()


def test_address_of_the_list_is_a_rule(system):
    address = "https://console.example/devices/?tag=pump&page=3&seen=online&sort=-name&version="
    assert clean_rule(system, address) == "seen=online&tag=pump"
    assert clean_rule(system, "") == ""


def test_rule_may_name_only_what_its_writer_sees(acme, umbrella, olga, act):
    foreign = SourceFactory(organization=umbrella)
    with pytest.raises(DomainError) as refused:
        services.mesh_create(act(olga), organization=acme, rule=f"source={foreign.uid}")
    assert refused.value.code == "devices.bad_rule"


def test_who_may_not_change_devices_sets_no_rule(acme, guest, act, pumps):
    actions = ["devices.view_mesh", "devices.change_mesh", "devices.add_mesh"]
    role = CustomRole.objects.create(organization=acme, name="Weaver", actions=actions)
    Membership.objects.create(user=guest, organization=acme, role="custom", custom_role=role)
    mesh = MeshFactory(organization=acme)
    with pytest.raises(DomainError) as refused:
        services.mesh_edit(act(guest), mesh=mesh, rule="tag=pump")
    assert refused.value.code == "devices.rule_needs_devices"


def test_looking_costs_the_same_however_many_are_in(mesh, acme, django_assert_max_num_queries):
    meshes_follow()
    later()
    with django_assert_max_num_queries(12):
        meshes_follow()
    for n in range(30):
        DeviceFactory(organization=acme, alias=f"more-{n}", tags=["pump"])
    mesh_follow(mesh)
    later()
    with django_assert_max_num_queries(12):
        meshes_follow()


def test_page_previews_who_would_be_in_and_stores_nothing(in_acme, olga, mesh, meter):
    meshes_follow()
    client = in_acme(olga)
    new = client.post("/meshes/add/", {"alias": "New", "rule": "tag=pump", "preview": "1"})
    assert "3 devices would be in" in new.text
    assert "pump-2" in new.text
    form = {"alias": "Pumps", "rule": "q=meter", "preview": "1"}
    page = client.post(f"/meshes/{mesh.uid}/edit/", form)
    assert "1 device would be in" in page.text
    assert "1 would join, 3 would leave: pump-0, pump-1, pump-2" in page.text
    assert Mesh.objects.get().rule == "tag=pump"
    bad = client.post("/meshes/add/", {"alias": "New", "rule": "colour=red", "preview": "1"})
    assert "no filter “colour”" in bad.text


def test_page_says_the_rule_in_words_and_offers_no_attaching(in_acme, olga, mesh):
    meshes_follow()
    page = in_acme(olga).get(f"/meshes/{mesh.uid}/")
    assert "By rule: Tag: pump" in page.text
    assert "/devices/?tag=pump" in page.text
    assert f"/meshes/{mesh.uid}/attach/" not in page.text
    assert "mesh-detach" not in page.text
    answer = in_acme(olga).post(f"/meshes/{mesh.uid}/attach/", {"devices": "meter"})
    assert answer.status_code == 422
    assert "said by its rule" in answer.text


def test_dynamic_meshes_are_not_offered_where_one_chooses_by_hand(in_acme, olga, mesh, meter):
    client = in_acme(olga)
    page = client.get(f"/devices/{meter.uid}/meshes/")
    assert f"{mesh.uid}" not in page.text
    asked = client.post("/bulk-jobs/start/mesh-attach/", {"selected": f"{meter.uid}"})
    assert f"{mesh.uid}" not in asked.text


def test_api_takes_shows_and_previews_a_rule(signed_in, olga, vera, mesh, acme):
    client = signed_in(olga)
    kind = {"content_type": "application/json"}
    body = {"organization": f"{acme.uid}", "mesh_id": "on", "rule": "seen=online"}
    assert client.post("/api/v1/meshes/", body, **kind).json()["rule"] == "seen=online"
    url = f"/api/v1/meshes/{mesh.uid}/"
    found = client.post(f"{url}preview/", {"rule": "q=meter"}, **kind).json()
    assert (found["count"], found["joining"], found["leaving"]) == (1, 1, 0)
    bad = client.patch(url, {"rule": "colour=red"}, **kind)
    assert (bad.status_code, bad.json()["code"]) == (400, "devices.bad_rule")
    assert signed_in(vera).post(f"{url}preview/", {"rule": "q=x"}, **kind).status_code == 403
