"""Profile, organizations, their members, their name, and narrowing every page to one."""

from __future__ import annotations

import csv
import uuid

import pytest
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.choices import Role
from accounts.models import Organization, TotpDevice
from accounts.selectors.organizations import MAX_SWITCH
from audit.models import AuditEvent
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

LIST = "/accounts/organizations/"
SWITCH = f"{LIST}switch/"


def main_of(answer) -> str:
    """Return the content of a page, without the switch in the sidebar."""
    return answer.text.partition("<main")[2]


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


def test_person_makes_an_organization_and_opens_it(signed_in, vera, acme):
    client = signed_in(vera)
    answer = client.post(f"{LIST}add/", {"name": "Side project"})
    made = Organization.objects.get(name="Side project")
    assert answer["Location"] == page_of(made)
    page = client.get(page_of(made)).text
    assert "Side project" in page
    assert "Nothing is below it." in page


def test_admin_makes_an_organization_below(signed_in, alice, acme):
    answer = signed_in(alice).post(f"{page_of(acme)}add-below/", {"name": "Plant"})
    made = Organization.objects.get(name="Plant")
    assert answer["Location"] == page_of(made)
    assert made.path.startswith(acme.path)


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_change_the_tree_are_refused(signed_in, request, acme, who, status):
    client = signed_in(request.getfixturevalue(who))
    for verb in ("add-below", "move", "deactivate", "delete", "second-factor", "limits"):
        assert client.post(f"{page_of(acme)}{verb}/", {"name": "X"}).status_code == status, verb


@pytest.fixture
def tree(acme):
    plants = [OrganizationFactory(name=f"Plant {n}", parent=acme) for n in (1, 2)]
    lines = [OrganizationFactory(name=f"Line {n}", parent=plants[0]) for n in (1, 2)]
    return plants, lines


def test_list_is_a_tree_that_folds_by_links(signed_in, alice, acme, tree):
    plants, _ = tree
    client = signed_in(alice)
    page = main_of(client.get(LIST))
    assert page.index("Plant 1") < page.index("Line 1") < page.index("Line 2")
    assert page.index("Line 2") < page.index("Plant 2")
    assert 'class="tree-line tree-2"' in page
    folded = main_of(client.get(f"{LIST}?fold={plants[0].uid}"))
    assert "Plant 1" in folded
    assert "Line 1" not in folded
    assert f"fold={plants[0].uid}" in page


def test_list_narrows_to_what_is_below_one(signed_in, alice, tree, acme):
    plants, _ = tree
    page = main_of(signed_in(alice).get(f"{LIST}?below={plants[0].uid}"))
    assert "Below Plant 1" in page
    assert "Line 1" in page
    assert "Plant 2" not in page


def test_search_says_where_each_one_hangs(signed_in, alice, tree):
    page = signed_in(alice).get(f"{LIST}?q=Line").text
    assert "in Acme \u203a Plant 1" in page


def test_member_of_a_part_does_not_learn_what_is_above(signed_in, tree):
    plants, _ = tree
    chloe = make_user("chloe")
    join(chloe, plants[0])
    client = signed_in(chloe)
    for url in (LIST, page_of(plants[0]), f"{LIST}?q=Line"):
        assert "Acme" not in client.get(url).text


def test_list_costs_the_same_with_three_and_thirty(signed_in, alice, acme):
    client = signed_in(alice)

    def grow(count: int) -> int:
        for _ in range(count):
            OrganizationFactory(parent=acme)
        return queries_of(client, LIST)

    assert grow(2) == grow(30) <= 15


def test_move_is_chosen_confirmed_and_done(signed_in, alice, acme, tree, umbrella):
    plants, lines = tree
    join(alice, umbrella)
    client, url = signed_in(alice), f"{page_of(plants[0])}move/"
    chooser = client.get(url).text
    assert "Umbrella" in chooser
    assert f"?to={lines[0].uid}" not in chooser
    question = client.get(f"{url}?to={umbrella.uid}").text
    assert "moves below Umbrella" in question
    assert "Nobody loses access." in question
    answer = client.post(f"{url}?to={umbrella.uid}")
    assert answer["Location"] == page_of(plants[0])
    plants[0].refresh_from_db()
    assert plants[0].path.startswith(umbrella.path)


def test_second_factor_is_demanded_by_those_who_use_one(signed_in, alice, vera, acme):
    client, url = signed_in(alice), f"{page_of(acme)}second-factor/"
    assert "2 members have no second factor yet" in client.get(url).text
    answer = client.post(url)
    assert answer.status_code == 422
    assert "Set up a second factor for yourself" in answer.text
    factor = TotpDevice.objects.create(
        user=alice, name="App", secret="JBSWY3DPEHPK3PXP", confirmed=True
    )
    alice.second_factor_at = timezone.now()
    alice.save()
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
    session.save()
    assert "1 member has no second factor yet" in client.get(url).text
    assert client.post(url).status_code == 302
    acme.refresh_from_db()
    assert acme.requires_second_factor
    event = AuditEvent.objects.get(verb="accounts.second_factor_demanded")
    assert event.data == {"demanded": True}


def test_closed_part_is_opened_from_the_list(signed_in, alice, acme, tree):
    plants, _ = tree
    client = signed_in(alice)
    client.post(f"{page_of(plants[0])}deactivate/")
    page = client.get(LIST).text
    assert "Deactivated" in page
    assert "Line 1" not in page
    client.post(f"{page_of(plants[0])}activate/")
    assert "Line 1" in client.get(LIST).text


def test_deleting_asks_for_the_name(signed_in, alice, acme):
    client, url = signed_in(alice), f"{page_of(acme)}delete/"
    assert client.post(url).status_code == 422
    assert client.post(url, {"typed": "Acme"})["Location"] == LIST
    assert not Organization.objects.filter(pk=acme.pk).exists()


def test_tabs_show_as_far_as_one_may_look(signed_in, alice, vera, acme):
    assert "invitations/" in signed_in(alice).get(page_of(acme)).text
    page = signed_in(vera).get(page_of(acme)).text
    assert "members/" in page
    assert "invitations/" not in page
    assert "settings/" not in page


def test_header_of_somebody_with_many_finds_by_name(signed_in, alice, acme):
    for n in range(MAX_SWITCH + 1):
        OrganizationFactory(name=f"Plant {n:02}", parent=acme)
    client = signed_in(alice)
    page = client.get("/").text
    assert "Find an organization by name" in page
    assert "Plant 12" not in page
    found = client.get(f"{LIST}choose/?q=plant 12").text
    assert "Plant 12" in found
    assert "in Acme" in found


def test_header_of_somebody_with_very_many_lists_their_own_roles(
    signed_in, monkeypatch, alice, acme, tree
):
    monkeypatch.setattr("accounts.actor.LITERAL_ORGANIZATIONS", 3)
    client = signed_in(alice)
    menu = client.get("/").text.partition("<main")[0]
    assert "Find an organization by name" in menu
    assert "Acme" in menu
    assert "Plant 1" not in menu
    assert "Plant 1" in client.get(f"{LIST}choose/?q=plant").text
    assert "Line 2" in client.get(LIST).text


def test_console_whose_operators_make_organizations_hides_the_button(
    signed_in, alice, acme, settings
):
    settings.ORGANIZATIONS_BY = "operators"
    client = signed_in(alice)
    assert "Add organization" not in client.get(LIST).text
    assert client.post(f"{LIST}add/", {"name": "Mine"}).status_code == 403
