"""Services of the tree: make, move, close, open, delete."""

from __future__ import annotations

import pytest

from accounts.choices import Role
from accounts.models import CustomRole, Membership, Organization
from accounts.selectors.tree import inactive_organizations, move_effects
from accounts.services.organizations import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_delete,
    organization_move,
)
from accounts.tree import MAX_DEPTH
from audit.models import AuditEvent
from core.exceptions import Conflict, Forbidden, QuotaExceeded
from core.scoping import is_allowed
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.devices import DeviceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant(acme):
    return OrganizationFactory(name="Plant", parent=acme)


def test_admin_makes_sub_organization_and_administers_it(act, alice, acme):
    made = organization_create(act(alice), name="Plant", admin=alice, parent=acme)
    assert made.path.startswith(acme.path)
    assert Membership.objects.get(organization=made).user == alice
    assert AuditEvent.objects.filter(verb="accounts.organization_created").count() == 1


def test_tree_deeper_than_the_limit_is_refused(act, alice, acme):
    parent = acme
    for _ in range(MAX_DEPTH - 1):
        parent = organization_create(act(alice), name="Deeper", admin=alice, parent=parent)
    with pytest.raises(Conflict) as caught:
        organization_create(act(alice), name="Too deep", admin=alice, parent=parent)
    assert caught.value.code == "accounts.too_deep"


def test_new_roots_by_operators_only_are_refused(act, alice, acme, settings):
    settings.ORGANIZATIONS_BY = "operators"
    with pytest.raises(Forbidden) as caught:
        organization_create(act(alice), name="Mine", admin=alice)
    assert caught.value.code == "accounts.no_roots"


def test_admin_moves_below_another_and_its_people_gain_access(act, alice, acme, plant):
    holding = OrganizationFactory(name="Holding")
    join(alice, holding)
    boss = make_user("boss")
    join(boss, holding, Role.OPERATOR)
    device = DeviceFactory(organization=plant)
    assert not is_allowed(device, act(boss))
    moved = organization_move(act(alice), organization=acme, parent=holding)
    assert moved.path.startswith(holding.path)
    plant.refresh_from_db()
    assert plant.path.startswith(moved.path)
    assert is_allowed(device, act(boss))
    event = AuditEvent.objects.get(verb="accounts.organization_moved")
    assert event.data == {"before": "", "after": "Holding"}
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_move_below_itself_is_refused(act, alice, acme, plant):
    for parent in (acme, plant):
        with pytest.raises(Conflict) as caught:
            organization_move(act(alice), organization=acme, parent=parent)
        assert caught.value.code == "accounts.move_below_itself"


def test_admin_of_the_part_takes_it_away_is_refused(act, alice, acme, plant):
    chloe = make_user("chloe")
    join(chloe, plant)
    own = OrganizationFactory(name="Own")
    join(chloe, own)
    for parent in (own, None):
        with pytest.raises(Forbidden) as caught:
            organization_move(act(chloe), organization=plant, parent=parent)
        assert caught.value.code == "accounts.may_not_take"
    organization_move(act(alice), organization=plant, parent=None)


def test_move_to_where_one_may_not_add_is_refused(act, alice, acme, umbrella):
    join(alice, umbrella, Role.OPERATOR)
    with pytest.raises(Forbidden) as caught:
        organization_move(act(alice), organization=acme, parent=umbrella)
    assert caught.value.code == "accounts.may_not_place"


def test_move_names_who_gains_and_who_loses(act, alice, acme, plant, vera, umbrella, mallory):
    join(vera, plant, Role.VIEWER)
    effects = move_effects(plant, umbrella)
    assert [person.username for person in effects.losing] == ["alice"]
    assert [person.username for person in effects.gaining] == ["mallory"]
    said = " ".join(effects.sentences(plant, umbrella))
    assert "1 person loses access: alice@example.org." in said
    assert "1 person gains access: mallory@example.org." in said


def test_move_out_of_the_reach_of_a_custom_role_is_refused(act, alice, acme, plant):
    role = CustomRole.objects.create(organization=acme, name="Tuner", actions=[])
    carla = make_user("carla")
    Membership.objects.create(user=carla, organization=plant, role=Role.CUSTOM, custom_role=role)
    with pytest.raises(Conflict) as caught:
        organization_move(act(alice), organization=plant, parent=None)
    assert caught.value.code == "accounts.foreign_roles"
    assert "carla" in caught.value.message


def test_move_that_would_break_a_limit_above_is_refused(act, alice, acme):
    full = OrganizationFactory(name="Full", max_devices=1)
    join(alice, full)
    DeviceFactory.create_batch(2, organization=acme)
    with pytest.raises(QuotaExceeded):
        organization_move(act(alice), organization=acme, parent=full)


def test_closed_organization_is_closed_below_too_and_opens_again(act, alice, acme, plant, system):
    device = DeviceFactory(organization=plant)
    assert organization_deactivate(act(alice), organization=plant) == 1
    assert not is_allowed(device, act(alice))
    assert [row.name for row in inactive_organizations(act(alice))] == ["Plant"]
    organization_activate(act(alice), organization=plant)
    assert is_allowed(device, act(alice))
    assert organization_deactivate(act(alice), organization=acme) == 2
    assert not inactive_organizations(act(alice)).exists()
    assert [row.name for row in inactive_organizations(system)] == ["Acme"]
    plant.refresh_from_db()
    with pytest.raises(Conflict) as caught:
        organization_activate(system, organization=plant)
    assert caught.value.code == "accounts.parent_inactive"
    assert organization_activate(system, organization=acme) == 2


def test_empty_organization_is_deleted_with_its_people(act, alice, plant):
    join(alice, plant)
    organization_delete(act(alice), organization=plant)
    assert not Organization.objects.filter(pk=plant.pk).exists()
    assert AuditEvent.objects.filter(verb="accounts.organization_deleted").count() == 1


def test_organization_with_devices_and_parts_is_not_deleted(act, alice, acme, plant):
    DeviceFactory.create_batch(2, organization=acme)
    with pytest.raises(Conflict) as caught:
        organization_delete(act(alice), organization=acme)
    assert caught.value.code == "accounts.not_empty"
    assert "1 organization, 2 devices" in caught.value.message


def test_personal_organization_neither_moves_nor_ends(act, alice, acme):
    own = Organization.objects.get(is_personal=True, memberships__user=alice)
    for call in (
        lambda: organization_move(act(alice), organization=own, parent=acme),
        lambda: organization_deactivate(act(alice), organization=own),
        lambda: organization_delete(act(alice), organization=own),
    ):
        with pytest.raises(Conflict) as caught:
            call()
        assert caught.value.code == "accounts.personal"
