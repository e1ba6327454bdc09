"""Who may do what: one row per request, one column per caller."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent

PEOPLE = ("alice", "olga", "vera", "mallory", "anon")

# (method, resource or resource:action, body), then the status for each of PEOPLE.
LISTS = [
    "devices",
    "sources",
    "builds",
    "artifacts",
    "api-keys",
    "deploy-keys",
    "env-vars",
    "audit-events",
    "organizations",
]
OBJECTS = [
    (("get", "devices", None), (200, 200, 200, 404, 401)),
    (("patch", "devices", {"alias": "x"}), (200, 200, 403, 404, 401)),
    (("delete", "devices", None), (204, 204, 403, 404, 401)),
    (("get", "sources", None), (200, 200, 200, 404, 401)),
    (("patch", "sources", {"alias": "x"}), (200, 200, 403, 404, 401)),
    (("delete", "sources", None), (204, 204, 403, 404, 401)),
    (("get", "builds", None), (200, 200, 200, 404, 401)),
    (("get", "builds:log", None), (200, 200, 200, 404, 401)),
    (("post", "builds:cancel", {}), (200, 200, 403, 404, 401)),
    (("delete", "builds", None), (409, 409, 403, 404, 401)),
    (("patch", "builds", {"status": "succeeded"}), (405, 405, 405, 405, 401)),
    (("get", "artifacts", None), (200, 200, 200, 404, 401)),
    (("delete", "artifacts", None), (405, 405, 405, 405, 401)),
    (("get", "api-keys", None), (200, 200, 200, 404, 401)),
    (("patch", "api-keys", {"alias": "x"}), (200, 403, 403, 404, 401)),
    (("post", "api-keys:revoke", {}), (200, 403, 403, 404, 401)),
    (("delete", "api-keys", None), (204, 403, 403, 404, 401)),
    (("get", "deploy-keys", None), (200, 200, 200, 404, 401)),
    (("patch", "deploy-keys", {"alias": "x"}), (200, 403, 403, 404, 401)),
    (("delete", "deploy-keys", None), (204, 403, 403, 404, 401)),
    (("get", "env-vars", None), (200, 200, 200, 404, 401)),
    (("patch", "env-vars", {"value": "x"}), (200, 200, 403, 404, 401)),
    (("delete", "env-vars", None), (204, 204, 403, 404, 401)),
    (("get", "organizations", None), (200, 200, 200, 404, 401)),
    (("patch", "organizations", {"name": "x"}), (200, 403, 403, 404, 401)),
    (("delete", "organizations", None), (409, 403, 403, 404, 401)),
]
# Creating in Acme; an outsider names an organization that does not exist for them.
ADDS = [
    (("devices", {"alias": "new"}), (201, 201, 403, 400, 401)),
    (("sources", {"alias": "new", "url": "https://github.com/a/b.git"}), (201, 201, 403, 400, 401)),
    (("api-keys", {"alias": "new"}), (201, 403, 403, 400, 401)),
    (("deploy-keys", {"alias": "new"}), (201, 403, 403, 400, 401)),
    (("env-vars", {"name": "NEW", "value": "1"}), (201, 201, 403, 400, 401)),
]


@pytest.fixture
def caller(request, api_as, client):
    from tests.api.conftest import Api

    def make(name):
        return Api(client) if name == "anon" else api_as(request.getfixturevalue(name))

    return make


def cases(table):
    return [
        pytest.param(asked, who, expected, id=f"{who}-{asked[0]}-{asked[1]}")
        for asked, row in table
        for who, expected in zip(PEOPLE, row, strict=True)
    ]


@pytest.mark.parametrize(("asked", "who", "expected"), cases(OBJECTS))
def test_each_request_is_answered_as_the_role_says(world, caller, asked, who, expected):
    method, target, body = asked
    resource, _, action = target.partition(":")
    path = world.path(resource) + (f"{action}/" if action else "")
    assert caller(who).send(method, path, body).status_code == expected


@pytest.mark.parametrize(("asked", "who", "expected"), cases(ADDS))
def test_each_role_adds_what_it_may(world, caller, asked, who, expected):
    resource, body = asked
    answer = caller(who).post(f"{resource}/", {**body, "organization": f"{world.organization.uid}"})
    assert answer.status_code == expected, answer.content


@pytest.mark.parametrize("resource", LISTS)
def test_stranger_gets_no_list(db, caller, resource):
    answer = caller("anon").get(f"{resource}/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("resource", [r for r in LISTS if r != "organizations"])
def test_outsider_list_shows_nothing_of_acme(world, caller, resource):
    answer = caller("mallory").get(f"{resource}/").json()
    assert f"{world.organization.uid}" not in str(answer["results"])


def test_viewer_sees_no_audit_events_of_acme(world, caller):
    event = AuditEvent.objects.filter(organization=world.organization).first()
    path = f"audit-events/{event.uid}/"
    assert caller("olga").get(path).status_code == 200
    assert caller("vera").get(path).status_code == 404
    assert caller("alice").send("delete", path).status_code == 405


def test_viewer_starts_no_build(world, caller):
    body = {"device": f"{world.device.uid}"}
    assert caller("vera").post("builds/", body).status_code == 403


def test_outsider_build_names_an_unknown_device(world, caller):
    answer = caller("mallory").post("builds/", {"device": f"{world.device.uid}"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["device"])


def test_guest_of_a_shared_device_sees_it_and_changes_nothing(world, caller, guest):
    from django.contrib.contenttypes.models import ContentType

    from devices.models import Device, DeviceUserPermission

    kind = ContentType.objects.get_for_model(Device)
    view = kind.permission_set.get(codename="view_device")
    DeviceUserPermission.objects.create(user=guest, permission=view, content_object=world.device)
    api = caller("guest")
    assert api.get(world.path("devices")).status_code == 200
    assert api.patch(world.path("devices"), {"alias": "mine"}).status_code == 403
    assert api.get(world.path("sources")).status_code == 404
