"""The same by REST, through the same services."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.actor import PROVED_AT
from accounts.choices import Role
from accounts.models import Organization, UserGroup
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.support.outbox import last_mail, links_in
from tests.support.queries import queries_of

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/"


class Caller:
    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, **body):
        sent = {} if method == "get" else {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(ROOT + path, **sent)


@pytest.fixture
def api(signed_in):
    """Return a caller of the API in the browser session of a person."""
    cache.clear()

    def sign_in(user) -> Caller:
        client = signed_in(user)
        session = client.session
        session[PROVED_AT] = time.time()
        session.save()
        return Caller(client)

    return sign_in


def uid_of(user, organization) -> str:
    return f"{organization.memberships.get(user=user).uid}"


def test_organizations_are_made_moved_limited_and_deleted(api, alice, acme):
    call = api(alice)
    made = call("post", "organizations/", name="Plant", parent=f"{acme.uid}").json()
    assert made.get("parent") == f"{acme.uid}", made
    path = f"organizations/{made['uid']}/"
    limited = call("post", f"{path}limits/", max_devices=5).json()
    assert (limited["max_devices"], limited["max_storage_mb"]) == (5, None)
    assert call("get", f"{path}usage/").json()[0] == {
        "kind": "devices", "used": 0, "limit": 5, "holder": made["uid"],
    }  # fmt: skip
    assert call("patch", path, name="Works").json()["name"] == "Works"
    assert call("post", f"{path}move/", parent=None).json()["parent"] is None
    assert call("post", f"{path}deactivate/").status_code == 204
    assert call("get", path).status_code == 404
    Organization.objects.filter(uid=made["uid"]).update(is_active=True)
    assert call("delete", path).status_code == 204
    assert not Organization.objects.filter(uid=made["uid"]).exists()


def test_part_is_closed_and_opened_from_above(api, alice, acme):
    plant = OrganizationFactory(parent=acme)
    call = api(alice)
    assert call("post", f"organizations/{plant.uid}/activate/").status_code == 404
    assert call("post", f"organizations/{plant.uid}/deactivate/").status_code == 204
    assert call("post", f"organizations/{plant.uid}/activate/").json()["name"] == plant.name


def test_move_below_itself_says_its_code(api, alice, acme):
    answer = api(alice)("post", f"organizations/{acme.uid}/move/", parent=f"{acme.uid}")
    assert (answer.status_code, answer.json()["code"]) == (409, "accounts.move_below_itself")


def test_role_changes_and_ends(api, alice, vera, acme):
    call = api(alice)
    path = f"memberships/{uid_of(vera, acme)}/"
    assert call("patch", path, role="operator").json()["role"] == "operator"
    assert call("get", path).json()["second_factor"] is False
    assert call("delete", path).status_code == 204
    answer = call("patch", f"memberships/{uid_of(alice, acme)}/", role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (409, "accounts.last_admin")


def test_viewer_sees_members_but_not_their_safety(api, vera, alice, acme):
    found = api(vera)("get", f"memberships/?organization={acme.uid}").json()["results"]
    assert {row["person"]["email"] for row in found} == {vera.email, alice.email}
    assert {row["second_factor"] for row in found} == {None}


def test_role_change_without_recent_proof_is_refused(signed_in, alice, vera, acme):
    client = signed_in(alice)
    session = client.session
    session[PROVED_AT] = 0.0
    session.save()
    answer = Caller(client)("patch", f"memberships/{uid_of(vera, acme)}/", role="operator")
    assert answer.json()["code"] == "accounts.recent_proof_required"


def test_invitation_is_sent_and_accepted(
    api, alice, guest, mallory, acme, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        sent = api(alice)(
            "post", "invitations/", organization=f"{acme.uid}", email=guest.email, role="viewer"
        )
    assert sent.status_code == 201, sent.json()
    assert sent.json()["state"] == "open"
    assert "token" not in sent.text
    link = next(x for x in links_in(last_mail(guest.email)) if "/invitation/" in x)
    token = link.rstrip("/").rpartition("/")[2]
    refused = api(mallory)("post", "invitations/accept/", token=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.not_addressee")
    answer = api(guest)("post", "invitations/accept/", token=token)
    assert answer.json()["role"] == "viewer"
    assert acme.memberships.get(user=guest).role == Role.VIEWER
    again = api(guest)("post", "invitations/decline/", token=token)
    assert again.json()["code"] == "accounts.invitation_over"


def test_operator_invites_is_403_and_outsider_400(api, olga, mallory, acme):
    body = {"organization": f"{acme.uid}", "email": "a@example.org", "role": "viewer"}
    assert api(olga)("post", "invitations/", **body).status_code == 403
    assert api(mallory)("post", "invitations/", **body).status_code == 400


def test_custom_role_is_made_given_and_kept_while_held(api, alice, vera, acme):
    call = api(alice)
    role = call(
        "post", "roles/", organization=f"{acme.uid}", name="Tuner",
        actions=["devices.change_device"],
    ).json()  # fmt: skip
    assert "devices.view_device" in role["actions"]
    path = f"memberships/{uid_of(vera, acme)}/"
    given = call("patch", path, role="custom", custom_role=role["uid"]).json()
    assert given["custom_role"] == role["uid"]
    answer = call("delete", f"roles/{role['uid']}/")
    assert answer.json()["code"] == "accounts.role_in_use"


def test_foreign_custom_role_does_not_exist(api, alice, mallory, vera, acme, umbrella):
    theirs = api(mallory)(
        "post", "roles/", organization=f"{umbrella.uid}", name="T",
        actions=["devices.view_device"],
    ).json()  # fmt: skip
    answer = api(alice)(
        "patch", f"memberships/{uid_of(vera, acme)}/", role="custom", custom_role=theirs["uid"]
    )
    assert answer.status_code == 400
    assert "custom_role" in answer.json()["fields"]


def test_group_is_made_filled_and_emptied(api, alice, vera, mallory, acme):
    call = api(alice)
    made = call("post", "groups/", organization=f"{acme.uid}", name="Night").json()
    path = f"groups/{made['uid']}/"
    filled = call("post", f"{path}add-person/", person=vera.email).json()
    assert [row["email"] for row in filled["people"]] == [vera.email]
    answer = call("post", f"{path}add-person/", person=mallory.email)
    assert answer.json()["code"] == "accounts.not_a_member"
    assert call("post", f"{path}remove-person/", person=vera.email).json()["people"] == []
    assert call("delete", path).status_code == 204
    assert not UserGroup.objects.exists()


def test_second_factor_by_rest_asks_for_ones_own_first(api, alice, acme):
    answer = api(alice)("post", f"organizations/{acme.uid}/second-factor/", demanded=True)
    assert answer.json()["code"] == "accounts.own_factor_first"


def test_lists_cost_the_same_with_one_and_ten(signed_in, alice, acme):
    client = signed_in(alice)
    join(make_user("first"), acme, Role.VIEWER)

    def costs() -> list[int]:
        return [queries_of(client, f"{ROOT}{name}/") for name in ("organizations", "memberships")]

    before = costs()
    for n in range(9):
        OrganizationFactory(parent=acme)
        join(make_user(f"p{n}"), acme, Role.VIEWER)
    assert costs() == before
