"""The lists: shared with me, and shared outside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import UserGroup
from accounts.selectors.shares import share_of, shares_of
from accounts.services.sharing import object_share
from audit.models import AuditEvent
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.builds import ArtifactFactory, BuildFactory
from tests.factories.devices import DeviceFactory
from tests.support.queries import queries_of

MINE, OUTSIDE = "accounts:shared_with_me", "accounts:shared_outside"
WITHDRAW = "accounts:shared_withdraw"


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


@pytest.fixture
def give(act, alice):
    def give(obj, to, *actions, days=None):
        until = timezone.now() + timedelta(days=days) if days else None
        return object_share(act(alice), obj=obj, to=to, actions=actions, until=until)

    return give


def crew_of(organization, *people):
    group = Group.objects.create(name=f"crew of {organization}")
    group.user_set.set(people)
    return UserGroup.objects.create(organization=organization, name="Field crew", group=group)


def page(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_guest_sees_what_is_shared_of_every_kind(signed_in, acme, device, give, guest):
    build = BuildFactory(source__organization=acme, source__alias="pump")
    artifact = ArtifactFactory(build=build)
    give(device, guest, "change", days=400)
    give(build, guest)
    give(artifact, guest)
    shown = page(signed_in(guest), MINE)
    assert "Device of Acme" in shown
    assert "See it, change it" in shown
    assert f"{(timezone.now() + timedelta(days=400)).year}" in shown
    assert f"pump #{build.number}" in shown
    assert "Artifact of Acme" in shown


def test_what_a_group_was_given_is_listed_once_and_only_its_own_can_be_given_up(
    signed_in, acme, device, give, guest
):
    other = DeviceFactory(organization=acme, alias="Pump")
    crew = crew_of(acme, guest)
    give(device, guest)
    give(device, crew, "change")
    give(other, crew)
    shown = page(signed_in(guest), MINE)
    assert shown.count("Boiler</a>") == 1
    assert "See it, change it" in shown
    assert "Pump</a>" in shown
    assert shown.count(f"{reverse(WITHDRAW)}?selected=") == 1


def test_share_in_a_closed_organization_is_not_listed(signed_in, acme, device, give, guest):
    give(device, guest)
    acme.is_active = False
    acme.save()
    assert "Nothing is shared with you" in page(signed_in(guest), MINE)


def test_admin_sees_what_people_outside_reach_and_only_that(
    signed_in, acme, umbrella, device, give, vera, guest
):
    give(device, vera, "change")
    give(device, crew_of(acme, guest))
    assert "Nothing is shared outside" in page(signed_in(alice_of(acme)), OUTSIDE)
    give(device, guest, days=3)
    shown = page(signed_in(alice_of(acme)), OUTSIDE)
    assert "guest@example.org" in shown
    assert "vera@example.org" not in shown


def alice_of(organization):
    return organization.memberships.get(user__username="alice").user


def test_member_from_above_is_inside_and_one_from_below_is_not(
    signed_in, act, acme, alice, olga, guest
):
    plant = OrganizationFactory(parent=acme, name="Plant 2")
    join(guest, plant, Role.VIEWER)
    above, below = DeviceFactory(organization=acme), DeviceFactory(organization=plant)
    object_share(act(alice), obj=below, to=olga, actions=["share"])
    object_share(act(alice), obj=above, to=guest, actions=[])
    shown = page(signed_in(alice), OUTSIDE)
    assert above.alias in shown
    assert below.alias not in shown


def test_group_of_another_organization_is_outside(signed_in, act, umbrella, alice, device):
    join(alice, umbrella, Role.VIEWER)
    crew = crew_of(umbrella)
    object_share(act(alice), obj=device, to=crew, actions=[])
    assert "Group of Umbrella" in page(signed_in(alice), OUTSIDE)


@pytest.mark.parametrize("person", ["olga", "vera", "mallory", "guest"])
def test_who_may_not_share_sees_nothing_outside(signed_in, request, device, give, person):
    give(device, request.getfixturevalue("guest"))
    user = request.getfixturevalue(person)
    assert "Boiler" not in page(signed_in(user), OUTSIDE)


def test_list_is_narrowed_to_the_organization_chosen(
    signed_in, act, acme, umbrella, alice, guest, device, give
):
    join(alice, umbrella, Role.ADMIN)
    other = DeviceFactory(organization=umbrella, alias="Parasol")
    give(device, guest)
    give(other, guest)
    client = signed_in(alice)
    assert "Parasol" in page(client, OUTSIDE)
    client.post(reverse("accounts:organization_switch"), {"organization": f"{acme.uid}"})
    shown = page(client, OUTSIDE)
    assert "Parasol" not in shown
    assert "Boiler" in shown


def test_admin_withdraws_several_after_a_question(
    signed_in, act, acme, alice, guest, mallory, give
):
    devices = DeviceFactory.create_batch(2, organization=acme)
    for device in devices:
        give(device, guest)
    give(devices[0], mallory)
    keys = [share.key for device in devices for share in shares_of(device, guest)]
    client = signed_in(alice)
    asked = client.post(reverse(WITHDRAW), {"selected": keys})
    assert b"Withdraw 2 shares?" in asked.content
    assert all(share_of(device, guest) for device in devices)
    done = client.post(reverse(WITHDRAW), {"selected": keys, "confirm": "1"})
    assert done.headers["Location"] == reverse(OUTSIDE)
    assert not any(share_of(device, guest) for device in devices)
    assert share_of(devices[0], mallory)
    assert AuditEvent.objects.filter(verb="accounts.share_ended").count() == 2


def test_everything_on_the_list_is_withdrawn_at_once(signed_in, alice, device, guest, give):
    give(device, guest)
    asked = signed_in(alice).post(reverse(WITHDRAW), {"all": "1"})
    assert b"Withdraw 1 share?" in asked.content


@pytest.mark.parametrize("person", ["olga", "mallory"])
def test_others_withdraw_nothing(signed_in, request, device, guest, give, person):
    key = give(device, guest).key
    client = signed_in(request.getfixturevalue(person))
    for data in ({"selected": key}, {"selected": ["junk", "a:b:c", key]}, {"all": "1"}):
        client.post(reverse(WITHDRAW), {**data, "confirm": "1"})
    assert share_of(device, guest)


def test_guest_gives_up_an_artifact_that_has_no_page(signed_in, acme, guest, give):
    artifact = ArtifactFactory(build__source__organization=acme)
    key = give(artifact, guest).key
    client = signed_in(guest)
    assert client.get(reverse(WITHDRAW), {"selected": key}).status_code == 200
    done = client.post(reverse(WITHDRAW), {"selected": key, "confirm": "1"})
    assert done.headers["Location"] == reverse(MINE)
    assert share_of(artifact, guest) is None


@pytest.mark.parametrize("name", [MINE, OUTSIDE])
def test_lists_cost_the_same_queries_for_any_number_of_rows(
    signed_in, acme, alice, guest, give, name
):
    give(DeviceFactory(organization=acme), guest)
    client = signed_in(guest if name == MINE else alice)
    client.get(reverse(name))
    few = queries_of(client, reverse(name))
    for device in DeviceFactory.create_batch(8, organization=acme):
        give(device, guest, "change")
    assert queries_of(client, reverse(name)) <= few


def test_stranger_is_sent_to_sign_in(client):
    for name in (MINE, OUTSIDE, WITHDRAW):
        assert "/accounts/sign-in/" in client.get(reverse(name)).headers["Location"]
