"""The Access tab: who may do what with one object, and why."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import User, UserGroup
from accounts.services.sharing import object_share
from keys.choices import ApiKeyKind
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


def access(obj, **query):
    name = f"{obj._meta.app_label}:{obj._meta.model_name}_access"
    asked = "&".join(f"{k}={v}" for k, v in query.items())
    return reverse(name, kwargs={"uid": obj.uid}) + (f"?{asked}" if asked else "")


def lines(response) -> list[str]:
    """Return the rows of all tables of the page as plain text."""
    rows = re.findall(
        r"<tr data-row.*?</tr>|<tr[^>]*data-row>.*?</tr>", response.content.decode(), re.S
    )
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def line_of(response, words) -> str:
    found = [line for line in lines(response) if words in line]
    assert len(found) == 1, (words, lines(response))
    return found[0]


def test_admin_sees_everybody_with_the_reason(signed_in, act, device, alice, olga, vera, guest):
    object_share(act(alice), obj=device, to=guest, actions=["change"])
    response = signed_in(alice).get(access(device))
    assert "Everything Admin of Acme" in line_of(response, "alice@example.org Everything")
    assert "See it, change it, delete it, build firmware" in line_of(response, "olga@")
    assert "Operator of Acme" in line_of(response, "olga@")
    assert "See it Viewer of Acme" in line_of(response, "vera@")
    shared = line_of(response, "guest@")
    assert f"See it, change it Shared by {alice}" in shared
    assert "Change" in shared
    assert "Withdraw" in shared


@pytest.mark.parametrize("person", ["olga", "vera"])
def test_who_may_not_share_sees_their_own_line_alone(signed_in, request, device, alice, person):
    user = request.getfixturevalue(person)
    response = signed_in(user).get(access(device, person=alice.email))
    [line] = lines(response)
    assert user.email in line
    assert alice.email not in response.content.decode().replace(f"person={alice.email}", "")
    assert b"You see your own line alone" in response.content


def test_guest_sees_their_own_line_and_may_give_it_up(signed_in, act, device, alice, guest):
    object_share(act(alice), obj=device, to=guest, actions=[])
    [line] = lines(signed_in(guest).get(access(device)))
    assert "guest@example.org See it Shared by" in line
    assert "Give up" in line


def test_member_of_an_organization_above_is_listed_with_it(signed_in, acme, alice):
    plant = OrganizationFactory(parent=acme, name="Plant 2")
    device = DeviceFactory(organization=plant)
    assert "Admin of Acme" in line_of(signed_in(alice).get(access(device)), "alice@")


def test_superuser_with_a_factor_is_listed(signed_in, device, alice, root):
    assert "root@" not in signed_in(alice).get(access(device)).content.decode()
    User.objects.filter(pk=root.pk).update(second_factor_at=timezone.now())
    assert "Superuser with a second factor" in line_of(
        signed_in(alice).get(access(device)), "root@"
    )


def test_group_is_listed_with_its_members_count(signed_in, act, acme, device, alice, guest):
    group = Group.objects.create(name="g")
    group.user_set.add(guest)
    crew = UserGroup.objects.create(organization=acme, name="Field crew", group=group)
    object_share(act(alice), obj=device, to=crew, actions=["build"])
    response = signed_in(alice).get(access(device))
    assert "Field crew 1 member" in line_of(response, "1 member")
    assert f"Shared by {alice} with the group Field crew" in line_of(response, "guest@")


def test_api_keys_that_reach_it_are_listed(signed_in, acme, umbrella, device, alice, mallory):
    make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION, alias="deploys")
    make_api_key(acme, alias="sensors")
    make_api_key(umbrella, alias="foreign")
    make_api_key(acme, user=mallory, kind=ApiKeyKind.AUTOMATION, alias="idle")
    response = signed_in(alice).get(access(device))
    assert f"Acts as {alice}: Admin of Acme" in line_of(response, "deploys")
    assert "Check in as it" in line_of(response, "sensors")
    assert b"foreign" not in response.content
    assert b"idle" not in response.content


def test_what_could_somebody_do_is_answered_for_every_action(signed_in, device, alice, vera):
    response = signed_in(alice).get(access(device, person=vera.email))
    assert "See it Yes Viewer of Acme" in lines(response)
    assert "Delete it No no role and no share allows it" in lines(response)
    assert "Build firmware No no role and no share allows it" in lines(response)


def test_stranger_and_unknown_address_get_the_same_answer(signed_in, device, alice, mallory):
    def answer(email):
        page = signed_in(alice).get(access(device, person=email)).content.decode()
        section = page[page.index('id="what-if"') :].partition("</section>")[0]
        return section.replace(email, "X")

    assert answer(mallory.email) == answer("nobody@example.org")


def test_pages_of_a_large_organization_cost_the_same_queries(signed_in, acme, device, alice):
    client = signed_in(alice)
    client.get(access(device))
    few = queries_of(client, access(device))
    for number in range(60):
        join(make_user(f"m{number:02}"), acme, Role.VIEWER)
    assert queries_of(client, access(device)) <= few
    assert len(lines(client.get(access(device)))) == 50
    assert len(lines(client.get(access(device, page=2)))) == 11


def test_tab_is_there_for_every_kind_and_outsiders_get_404(signed_in, device, mallory, vera):
    assert signed_in(mallory).get(access(device)).status_code == 404
    page = signed_in(vera).get(device.get_absolute_url()).content.decode()
    assert f'href="{access(device)}"' in page


def test_organization_explains_who_reaches_it_from_where(signed_in, acme, alice, vera, mallory):
    plant = OrganizationFactory(parent=acme, name="Plant 2")
    join(mallory, plant, Role.OPERATOR)
    response = signed_in(alice).get(access(plant))
    assert "Everything Admin of Acme" in line_of(response, "alice@")
    assert "Operator of Acme" in line_of(response, "mallory@")
    assert "Plant 2" in line_of(response, "mallory@")
    response = signed_in(mallory).get(access(plant))
    assert "Admin of an organization above" in line_of(response, "alice@")


def test_organization_answers_what_somebody_could_do_with_what_is_in_it(
    signed_in, acme, alice, olga, guest
):
    response = signed_in(alice).get(access(acme, person=olga.email))
    assert "Devices view, change, delete, build" in " ".join(lines(response)).replace("add, ", "")
    assert "Change it No no role and no share allows it" in lines(response)
    response = signed_in(alice).get(access(acme, person=guest.email))
    assert b"Nothing of what belongs here." in response.content


def test_outsider_gets_404_of_an_organization(signed_in, acme, mallory):
    assert signed_in(mallory).get(access(acme)).status_code == 404
