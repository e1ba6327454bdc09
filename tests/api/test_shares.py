"""REST of sharing: `shares/` and `access/` below every resource whose objects can be shared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from accounts.models import UserGroup
from accounts.selectors.shares import share_of
from accounts.services.sharing import object_share
from audit.models import AuditEvent

RESOURCES = ("devices", "sources", "builds", "artifacts", "api-keys", "deploy-keys", "env-vars")


def shares(world, resource="devices"):
    return f"{world.path(resource)}shares/"


@pytest.mark.parametrize("resource", RESOURCES)
def test_admin_shares_lists_changes_and_withdraws(world, api_as, alice, guest, resource):
    api, address = api_as(alice), shares(world, resource)
    made = api.post(address, {"person": guest.email, "actions": ["delete"]})
    assert made.status_code == 201, made.content
    assert made.json()["actions"] == ["delete", "view"]
    own = made.headers["Location"]
    assert own.endswith(f"{address}{guest.uid}/")
    own = f"{address}{guest.uid}/"
    [listed] = api.get(address).json()
    assert listed["uid"] == f"{guest.uid}"
    assert listed["granted_by"] == f"{alice}"
    end = (timezone.now() + timedelta(days=1)).isoformat()
    changed = api.patch(own, {"expires_at": end}).json()
    assert changed["actions"] == ["delete", "view"]
    assert changed["expires_at"]
    assert api_as(guest).get(world.path(resource)).status_code == 200
    assert api.delete(own).status_code == 204
    assert api.get(address).json() == []
    assert api_as(guest).get(world.path(resource)).status_code == 404
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"accounts.object_shared", "accounts.share_changed", "accounts.share_ended"} <= verbs


@pytest.mark.parametrize(
    ("person", "status"), [("olga", 403), ("vera", 403), ("mallory", 404), ("guest", 404)]
)
def test_who_may_not_share(request, world, api_as, person, status):
    api = api_as(request.getfixturevalue(person))
    assert api.get(shares(world)).status_code == status
    body = {"person": "guest@example.org"}
    assert api.post(shares(world), body).status_code == status


def test_group_is_named_by_uid_and_a_foreign_one_is_not_found(world, api_as, alice, acme, umbrella):
    groups = [
        UserGroup.objects.create(
            organization=owner, name="Crew", group=Group.objects.create(name=f"{owner}")
        )
        for owner in (acme, umbrella)
    ]
    api = api_as(alice)
    answers = [api.post(shares(world), {"group": f"{g.uid}"}) for g in groups]
    assert [a.status_code for a in answers] == [201, 400]
    assert answers[0].json()["kind"] == "group"
    assert "group" in answers[1].json()["fields"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "request.invalid"),
        ({"person": "nobody@example.org"}, 400, "accounts.share_no_account"),
        ({"person": "guest@example.org", "actions": ["fly"]}, 400, "accounts.share_unknown_action"),
        ({"person": "guest@example.org", "expires_at": "2001-01-01T00:00Z"}, 400,
         "accounts.share_end_past"),
        ({"person": "alice@example.org"}, 409, "accounts.share_with_oneself"),
        ({"person": "guest@example.org", "role": "admin"}, 400, "request.invalid"),
    ],
)  # fmt: skip
def test_fault_has_its_code(world, api_as, alice, guest, body, status, code):
    answer = api_as(alice).post(shares(world), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_guest_gives_no_more_than_they_hold(world, api_as, act, alice, guest, mallory):
    object_share(act(alice), obj=world.device, to=guest, actions=["share"])
    body = {"person": mallory.email, "actions": ["change"]}
    answer = api_as(guest).post(shares(world), body)
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.wider_than_own")


def test_guest_gives_up_their_own(world, api_as, act, alice, guest):
    object_share(act(alice), obj=world.device, to=guest, actions=[])
    api = api_as(guest)
    assert api.get(f"{shares(world)}{guest.uid}/").status_code == 403
    assert api.delete(f"{shares(world)}{guest.uid}/").status_code == 204
    assert share_of(world.device, guest) is None


def test_guest_withdraws_nobody_elses(world, api_as, act, alice, guest, mallory):
    for person in (guest, mallory):
        object_share(act(alice), obj=world.device, to=person, actions=[])
    assert api_as(guest).delete(f"{shares(world)}{mallory.uid}/").status_code == 403
    assert share_of(world.device, mallory)


def test_access_tells_who_and_why(world, api_as, act, alice, olga, vera, guest):
    object_share(act(alice), obj=world.device, to=guest, actions=["change"])
    answer = api_as(alice).get(f"{world.path('devices')}access/").json()
    rows = {row["name"]: row for row in answer["results"]}
    assert answer["whole"] is True
    assert answer["count"] == len(rows) == 4
    assert rows[olga.email]["reasons"] == ["Operator of Acme"]
    operated = ["build", "change", "configure", "delete", "publish", "view"]
    assert rows[olga.email]["actions"] == operated
    assert rows[guest.email]["reasons"] == [f"Shared by {alice}"]
    assert rows[guest.email]["uid"] == f"{guest.uid}"


def test_access_shows_others_only_themselves(world, api_as, alice, olga):
    answer = api_as(olga).get(f"{world.path('devices')}access/", person=alice.email).json()
    assert [row["name"] for row in answer["results"]] == [olga.email]
    assert answer["whole"] is False


def test_access_of_one_person_is_the_same_for_a_stranger_and_for_nobody(
    world, api_as, alice, vera, mallory
):
    api = api_as(alice)

    def ask(email):
        [row] = api.get(f"{world.path('devices')}access/", person=email).json()["results"]
        return {**row, "name": ""}

    assert ask(vera.email)["actions"] == ["view"]
    assert ask(mallory.email) == ask("nobody@example.org")


def test_access_is_paged(world, api_as, alice, olga, vera):
    answer = api_as(alice).get(f"{world.path('devices')}access/", page_size=2).json()
    assert answer["count"] == 3
    assert len(answer["results"]) == 2
    assert "page=2" in answer["next"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_shares_can_be_browsed_and_described(world, signed_in, alice, resource):
    client = signed_in(alice)
    for below in (shares(world, resource), f"{world.path(resource)}access/"):
        address = f"/api/v1/{below}"
        page = client.get(address, headers={"accept": "text/html"})
        assert page.status_code == 200
        assert client.options(address).status_code == 200


def test_browser_of_a_guest_offers_no_more_than_they_may(world, signed_in, act, alice, guest):
    object_share(act(alice), obj=world.device, to=guest, actions=[])
    page = signed_in(guest).get(f"/api/v1/{world.path('devices')}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert 'data-method="DELETE"' not in page.content.decode()
    assert world.source.alias not in page.content.decode()


def test_unknown_share_is_404(world, api_as, alice):
    address = reverse(
        "api:device-share", kwargs={"uid": world.device.uid, "recipient": world.device.uid}
    )
    assert api_as(alice).get(address).status_code == 404


def test_access_of_an_organization_explains_its_members(world, api_as, alice, vera):
    answer = api_as(vera).get(f"{world.path('organizations')}access/").json()
    rows = {row["name"]: row["reasons"] for row in answer["results"]}
    assert rows == {alice.email: ["Admin of Acme"], vera.email: ["Viewer of Acme"]}
