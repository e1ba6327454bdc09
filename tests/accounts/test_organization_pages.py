"""Profile, organizations, their members, their name, and narrowing every page to one."""

from __future__ import annotations

import csv
import uuid

import pytest

from accounts.choices import Role
from audit.models import AuditEvent
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

LIST = "/accounts/organizations/"
SWITCH = f"{LIST}switch/"


def page_of(organization) -> str:
    return f"{LIST}{organization.uid}/"


def test_person_opens_profile_sees_roles_and_sign_ins(client, olga, acme):
    signing = {"username": "olga", "password": "wrong"}
    client.post("/accounts/sign-in/", signing)
    signing["password"] = "correct horse battery"
    assert client.post("/accounts/sign-in/", signing).status_code == 302
    page = client.get("/accounts/profile/").text
    assert "olga@example.org" in page
    assert "Acme" in page
    assert "Operator" in page
    assert "Signed in" in page


def test_stranger_opens_profile_is_sent_to_sign_in(client, db):
    assert client.get("/accounts/profile/").status_code == 302


def test_member_opens_list_sees_own_organizations_only(signed_in, vera, acme, umbrella):
    page = signed_in(vera).get(LIST).text
    assert "Acme" in page
    assert "Umbrella" not in page


def test_list_exports_owner_ids(signed_in, vera, acme):
    answer = signed_in(vera).get(f"{LIST}?export=csv&q=Acme")
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert [(row["Name"], row["Owner ID"]) for row in rows] == [("Acme", acme.owner_id)]


def test_member_opens_organization_sees_its_members(signed_in, vera, olga, alice, acme):
    assert acme.owner_id in signed_in(vera).get(page_of(acme)).text
    page = signed_in(vera).get(f"{page_of(acme)}members/").text
    for person in (vera, olga, alice):
        assert person.email in page


def test_outsider_opens_organization_is_404(signed_in, mallory, acme):
    assert signed_in(mallory).get(page_of(acme)).status_code == 404


def test_members_cost_the_same_number_of_queries_with_one_and_ten(signed_in, vera, acme):
    client = signed_in(vera)

    def join_people(count: int) -> int:
        for _ in range(count):
            join(make_user(f"person-{acme.memberships.count()}"), acme, Role.VIEWER)
        return queries_of(client, f"{page_of(acme)}members/")

    assert join_people(1) == join_people(9) <= 15


def test_admin_renames_organization(signed_in, alice, acme):
    response = signed_in(alice).post(f"{page_of(acme)}edit/", {"name": "Acme Works"})
    assert response["Location"] == page_of(acme)
    owner_id = acme.owner_id
    acme.refresh_from_db()
    assert (acme.name, acme.owner_id) == ("Acme Works", owner_id)
    event = AuditEvent.objects.get(verb="accounts.organization_changed")
    assert event.data == {"name": "Acme Works"}


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_rename_organization_are_refused(signed_in, request, acme, who, status):
    client = signed_in(request.getfixturevalue(who))
    assert client.post(f"{page_of(acme)}edit/", {"name": "Mine"}).status_code == status
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_person_switches_every_page_shows_that_organization_alone(signed_in, alice, acme):
    other = OrganizationFactory(name="Beta")
    join(alice, other)
    make_api_key(acme, alias="key of acme")
    make_api_key(other, alias="key of beta")
    client = signed_in(alice)
    both = client.get("/api-keys/").text
    assert "key of acme" in both
    assert "key of beta" in both
    client.post(SWITCH, {"organization": other.uid})
    one = client.get("/api-keys/").text
    assert "key of acme" not in one
    assert "key of beta" in one
    client.post(SWITCH, {"organization": ""})
    assert "key of acme" in client.get("/api-keys/").text


def test_switch_returns_to_a_list_but_not_to_one_object(signed_in, alice, acme):
    client = signed_in(alice)
    key, _ = make_api_key(acme)
    list_url, page_url = "http://testserver/api-keys/", f"http://testserver{key.get_absolute_url()}"
    for referer, target in (
        (list_url, "/api-keys/"),
        (page_url, "/"),
        ("https://evil.example/api-keys/", "/"),
        ("", "/"),
    ):
        answer = client.post(SWITCH, {"organization": acme.uid}, headers={"Referer": referer})
        assert answer["Location"] == target


def test_person_switches_to_a_foreign_organization_is_404(signed_in, vera, umbrella):
    client = signed_in(vera)
    for uid in (umbrella.uid, uuid.uuid4()):
        assert client.post(SWITCH, {"organization": uid}).status_code == 404


def test_lost_membership_ends_the_choice_on_the_next_page(signed_in, alice, acme):
    client = signed_in(alice)
    make_api_key(acme, alias="key of acme")
    client.post(SWITCH, {"organization": acme.uid})
    alice.memberships.filter(organization=acme).delete()
    page = client.get("/api-keys/")
    assert page.status_code == 200
    assert "key of acme" not in page.text
