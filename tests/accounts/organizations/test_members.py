"""Members: change a role, remove, leave; the last admin stays."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import CustomRole, Membership, Organization, UserGroup
from accounts.services.groups import group_add, group_create
from accounts.services.memberships import membership_leave, membership_remove, membership_set
from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError, Forbidden
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.support.queries import queries_of

pytestmark = pytest.mark.django_db


def refused(code):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


def held(user, organization) -> Membership:
    return Membership.objects.get(user=user, organization=organization)


def edit_of(user, organization) -> str:
    return f"/accounts/memberships/{held(user, organization).uid}/edit/"


def test_admin_changes_a_role_and_it_is_audited(signed_in, alice, vera, acme):
    answer = signed_in(alice).post(edit_of(vera, acme), {"role": "operator"})
    assert answer["Location"] == f"/accounts/organizations/{acme.uid}/members/"
    assert held(vera, acme).role == Role.OPERATOR
    event = AuditEvent.objects.get(verb="accounts.membership_changed")
    assert event.data["changes"] == {"role": {"before": "Viewer", "after": "Operator"}}
    assert event.data["person"] == vera.email


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_change_a_role_are_refused(signed_in, request, alice, vera, acme, who, status):
    client = signed_in(request.getfixturevalue(who))
    assert client.post(edit_of(vera, acme), {"role": "admin"}).status_code == status
    assert held(vera, acme).role == Role.VIEWER


def test_last_admin_neither_steps_down_nor_leaves_nor_is_removed(act, alice, vera, acme):
    with refused("accounts.last_admin"):
        membership_set(act(alice), user=alice, organization=acme, role=Role.VIEWER)
    with refused("accounts.last_admin"):
        membership_leave(act(alice), organization=acme)
    with refused("accounts.last_admin"):
        membership_remove(act(alice), membership=held(alice, acme))


def test_closed_account_does_not_count_as_an_admin(act, alice, acme):
    gone = make_user("gone")
    join(gone, acme)
    gone.is_active = False
    gone.save()
    with refused("accounts.last_admin"):
        membership_leave(act(alice), organization=acme)


def test_admin_of_a_part_leaves_it_to_the_admins_above(act, alice, acme):
    plant = OrganizationFactory(parent=acme)
    chloe = make_user("chloe")
    join(chloe, plant)
    membership_leave(act(chloe), organization=plant)
    assert not plant.memberships.exists()
    assert AuditEvent.objects.filter(verb="accounts.membership_ended").count() == 1


def test_role_held_above_cannot_be_left_below(act, alice, acme):
    plant = OrganizationFactory(parent=acme)
    with refused("accounts.no_membership"):
        membership_leave(act(alice), organization=plant)


def test_personal_organization_keeps_its_person(act, alice):
    own = Organization.objects.get(is_personal=True, memberships__user=alice)
    with refused("accounts.personal"):
        membership_leave(act(alice), organization=own)


def test_people_manager_gives_and_takes_no_more_than_they_hold(act, alice, olga, vera, acme):
    role = CustomRole.objects.create(
        organization=acme,
        name="People",
        actions=["accounts.view_membership", "accounts.change_membership"],
    )
    paul = make_user("paul")
    Membership.objects.create(user=paul, organization=acme, role=Role.CUSTOM, custom_role=role)
    with refused("accounts.wider_than_own"):
        membership_set(act(paul), user=vera, organization=acme, role=Role.OPERATOR)
    with refused("accounts.wider_than_own"):
        membership_set(act(paul), user=olga, organization=acme, role=Role.CUSTOM, custom_role=role)
    with refused("accounts.wider_than_own"):
        membership_remove(act(paul), membership=held(olga, acme))


def test_custom_role_of_another_organization_is_refused(act, alice, vera, acme, umbrella):
    role = CustomRole.objects.create(organization=umbrella, name="Theirs", actions=[])
    with pytest.raises(Forbidden) as caught:
        membership_set(act(alice), user=vera, organization=acme, role=Role.CUSTOM, custom_role=role)
    assert caught.value.code == "accounts.role_of_another"


def test_removed_member_leaves_the_groups(act, alice, vera, acme):
    group = group_create(act(alice), organization=acme, name="Night shift")
    group_add(act(alice), group=group, user=vera)
    membership_remove(act(alice), membership=held(vera, acme))
    assert not UserGroup.objects.get(pk=group.pk).group.user_set.exists()


def test_removing_asks_and_says_what_follows(signed_in, alice, vera, acme):
    url = f"/accounts/memberships/{held(vera, acme).uid}/delete/"
    client = signed_in(alice)
    assert "loses the role Viewer" in client.get(url).text
    client.post(url)
    assert not acme.memberships.filter(user=vera).exists()


def test_admins_alone_see_second_factors_and_last_sign_ins(signed_in, alice, vera, acme):
    url = f"/accounts/organizations/{acme.uid}/members/"
    assert "Second factor" in signed_in(alice).get(url).text
    page = signed_in(vera).get(url).text
    assert "Last sign-in" not in page
    assert "Change role" not in page


def test_members_page_names_those_from_above_whom_one_may_see(signed_in, alice, olga, acme):
    plant = OrganizationFactory(name="Plant", parent=acme)
    chloe = make_user("chloe")
    join(chloe, plant)
    url = f"/accounts/organizations/{plant.uid}/members/"
    assert "alice@example.org" in signed_in(alice).get(url).text
    page = signed_in(chloe).get(url).text
    assert "alice@example.org" not in page
    assert "2 more whom you may not see" in page


def test_members_page_costs_the_same_with_one_and_ten(signed_in, alice, acme):
    client = signed_in(alice)
    url = f"/accounts/organizations/{acme.uid}/members/"

    def join_people(count: int) -> int:
        for _ in range(count):
            join(make_user(f"person-{acme.memberships.count()}"), acme, Role.VIEWER)
        return queries_of(client, url)

    join_people(1)
    assert join_people(1) == join_people(9) <= 20


@pytest.mark.django_db(transaction=True)
def test_two_admins_demote_each_other_at_once_exactly_one_wins(alice, acme):
    boris = make_user("boris")
    join(boris, acme)
    barrier, outcomes = threading.Barrier(2), []

    def demote(actor, victim):
        barrier.wait()
        try:
            membership_set(Actor.for_user(actor), user=victim, organization=acme, role=Role.VIEWER)
            outcomes.append("done")
        except Conflict as error:
            outcomes.append(error.code)
        except Forbidden as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=demote, args=pair) for pair in ((alice, boris), (boris, alice))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1, outcomes
    assert acme.memberships.filter(role=Role.ADMIN).count() == 1
