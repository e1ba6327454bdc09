"""Groups: people of an organization, to share with at once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.choices import Role
from accounts.models import UserGroup
from accounts.services.groups import group_add, group_create, group_delete
from accounts.services.organizations import organization_move
from audit.models import AuditEvent
from core.exceptions import DomainError
from tests.factories.accounts import OrganizationFactory, join, make_user

pytestmark = pytest.mark.django_db


def refused(code):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


@pytest.fixture
def night(act, alice, acme):
    return group_create(act(alice), organization=acme, name="Night shift")


def people_of(group) -> list[str]:
    return sorted(group.group.user_set.values_list("username", flat=True))


def test_page_makes_a_group_and_puts_people_into_it(signed_in, alice, vera, acme):
    client = signed_in(alice)
    answer = client.post(f"/accounts/organizations/{acme.uid}/add-group/", {"name": "Night"})
    group = UserGroup.objects.get()
    assert answer["Location"] == group.get_absolute_url()
    client.post(f"{group.get_absolute_url()}add-person/", {"person": "VERA@example.org"})
    assert people_of(group) == ["vera"]
    assert "vera@example.org" in client.get(group.get_absolute_url()).text
    verbs = AuditEvent.objects.filter(organization=acme).values_list("verb", flat=True)
    assert {"accounts.group_created", "accounts.group_changed"} <= set(verbs)


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_change_a_group_are_refused(signed_in, request, night, who, status):
    client = signed_in(request.getfixturevalue(who))
    url = f"{night.get_absolute_url()}add-person/"
    assert client.post(url, {"person": "vera@example.org"}).status_code == status
    assert client.post(f"{night.get_absolute_url()}delete/").status_code == status


def test_people_above_and_below_belong_outsiders_do_not(act, alice, acme, night, mallory):
    plant = OrganizationFactory(parent=acme)
    chloe = make_user("chloe")
    join(chloe, plant, Role.VIEWER)
    group_add(act(alice), group=night, user=chloe)
    assert people_of(night) == ["chloe"]
    with refused("accounts.not_a_member"):
        group_add(act(alice), group=night, user=mallory)


def test_outsiders_address_says_the_same_as_an_unknown_one(signed_in, alice, night, mallory):
    client, url = signed_in(alice), f"{night.get_absolute_url()}add-person/"
    said = [client.post(url, {"person": f"{n}@example.org"}) for n in ("mallory", "nobody")]
    assert [answer.status_code for answer in said] == [422, 422]
    sentence = "Nobody with this address holds a role in Acme"
    assert all(sentence in answer.text for answer in said)


def test_person_is_taken_out(signed_in, act, alice, vera, night):
    group_add(act(alice), group=night, user=vera)
    url = f"{night.get_absolute_url()}remove-person/?person={vera.uid}"
    assert "vera@example.org loses what is shared" in signed_in(alice).get(url).text
    signed_in(alice).post(url)
    assert people_of(night) == []


def test_group_goes_with_its_auth_group(act, alice, vera, night):
    group_add(act(alice), group=night, user=vera)
    group_delete(act(alice), group=night)
    assert not UserGroup.objects.exists()
    assert not Group.objects.filter(name=f"{night.uid}").exists()


def test_moved_away_people_leave_the_groups_they_no_longer_belong_to(act, alice, acme, night):
    plant = OrganizationFactory(parent=acme)
    chloe = make_user("chloe")
    join(chloe, plant, Role.VIEWER)
    group_add(act(alice), group=night, user=chloe)
    group_add(act(alice), group=night, user=alice)
    organization_move(act(alice), organization=plant, parent=None)
    assert people_of(night) == ["alice"]


def test_two_groups_of_one_name_are_refused(act, alice, acme, night):
    with refused("accounts.group_name_taken"):
        group_create(act(alice), organization=acme, name="Night shift")
