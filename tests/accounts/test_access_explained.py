"""Who may do what, and why: the words always agree with what the rule decides."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import CustomRole, Membership, Organization, User, UserGroup
from accounts.selectors.access import (
    ABOVE,
    BELOW,
    actions_on,
    in_words,
    people_reaching,
    possibilities,
    reasons_of,
)
from builds.models import Build
from devices.models import Device
from tests.factories.accounts import OrganizationFactory, join, make_user
from tests.factories.builds import BuildFactory
from tests.factories.devices import DeviceFactory


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


@pytest.fixture
def plant(acme):
    return OrganizationFactory(parent=acme, name="Plant 2")


def why(user, obj, viewer=None):
    return [reason.text for reason in reasons_of([user], obj, viewer)[user.pk]]


def test_role_above_is_named_with_its_way_down(act, plant, alice):
    device = DeviceFactory(organization=plant)
    assert why(alice, device, act(alice)) == ["Admin of Acme"]
    join(alice, plant, Role.OPERATOR)
    assert why(alice, device, act(alice)) == ["Admin of Acme", f"Operator of Acme{BELOW}Plant 2"]


def test_organization_above_that_the_reader_cannot_see_is_not_named(act, plant, alice, guest):
    join(guest, plant, Role.ADMIN)
    device = DeviceFactory(organization=plant)
    assert why(alice, device, act(guest)) == [f"Admin of {ABOVE}"]
    assert why(guest, device, act(guest)) == ["Admin of Plant 2"]


def test_custom_role_is_called_by_its_name(act, acme, device, guest, alice):
    role = CustomRole.objects.create(
        organization=acme, name="Night shift", actions=["devices.view_device"]
    )
    Membership.objects.create(user=guest, organization=acme, role=Role.CUSTOM, custom_role=role)
    assert why(guest, device, act(alice)) == ["Night shift (custom role) of Acme"]


def test_share_says_by_whom_and_until_when(device, alice, guest):
    grant = assign_perm("devices.view_device", guest, device)
    grant.granted_by, grant.expires_at = alice, timezone.now() + timedelta(days=400)
    grant.save()
    [line] = [p for p in possibilities(Actor.for_user(alice), device, guest) if p.action == "view"]
    assert line.is_allowed
    assert line.reasons[0].startswith(f"Shared by {alice} until ")
    assert line.reasons[0].endswith(f"{grant.expires_at.year}")


def test_superuser_is_listed_once_a_second_factor_is_there(device, root):
    assert root not in people_reaching(device)
    User.objects.filter(pk=root.pk).update(second_factor_at=timezone.now())
    assert root in people_reaching(device)
    assert why(root, device) == ["Superuser with a second factor"]


def test_nobody_may_do_nothing(act, alice, device):
    assert not any(line.is_allowed for line in possibilities(act(alice), device, None))


def test_actions_read_as_one_sentence():
    assert in_words(Device, {"share", "view", "build"}) == "See it, build firmware, share it"
    assert in_words(Build, {"cancel", "view"}) == "See it with its log, stop it"
    assert in_words(Device, ()) == "Nothing here"


def test_explaining_many_people_costs_as_much_as_one(
    act, acme, device, alice, django_assert_num_queries
):
    people = [make_user(f"p{n}") for n in range(6)]
    for person in people:
        join(person, acme, Role.VIEWER)
    actor = act(alice)
    list(Organization.objects.allowed(actor))
    for some in (people[:1], people):
        with django_assert_num_queries(4):
            reasons_of(some, device, actor)


class World:
    """A random tree with random roles, grants, groups, ends and closed doors."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.organizations = [OrganizationFactory()]
        for _ in range(5):
            parent = dice.choice([None, *self.organizations])
            if parent is not None:
                parent = Organization.objects.get(pk=parent.pk)
            self.organizations.append(OrganizationFactory(parent=parent))
        for organization in self.organizations:
            if dice.random() < 0.3:
                Organization.objects.filter(pk=organization.pk).update(is_active=False)
        self.organizations = list(Organization.objects.filter(is_personal=False))
        self.roles = [
            CustomRole.objects.create(
                organization=organization,
                name="odd",
                actions=[p for p in PERMISSIONS if dice.random() < 0.4],
            )
            for organization in self.organizations
        ]
        self.people = [make_user(f"u{n}") for n in range(6)]
        User.objects.filter(pk=self.people[0].pk).update(is_superuser=True)
        User.objects.filter(pk=self.people[1].pk).update(is_active=dice.random() < 0.5)
        self.people = list(User.objects.filter(pk__in=[p.pk for p in self.people]))
        self.groups = [self.group(n) for n in range(3)]
        self.objects = [
            DeviceFactory(organization=dice.choice(self.organizations)) for _ in range(3)
        ] + [
            BuildFactory(source__organization=dice.choice(self.organizations), number=n)
            for n in range(2)
        ]
        for person in self.people:
            for organization in dice.sample(self.organizations, dice.randint(0, 3)):
                self.member(person, organization)
        for obj in self.objects:
            for holder in (*self.people, *self.groups):
                self.share(obj, holder)

    def group(self, number: int) -> Group:
        group = Group.objects.create(name=f"g{number}")
        group.user_set.set(self.dice.sample(self.people, 2))
        if self.dice.random() < 0.8:
            UserGroup.objects.create(
                organization=self.dice.choice(self.organizations), name=f"g{number}", group=group
            )
        return group

    def member(self, person: User, organization: Organization) -> None:
        role = self.dice.choice(list(Role))
        custom = self.dice.choice(self.roles) if role == Role.CUSTOM else None
        Membership.objects.create(
            user=person, organization=organization, role=role, custom_role=custom
        )

    def share(self, obj, holder) -> None:
        if self.dice.random() < 0.75:
            return
        for action in actions_on(type(obj)):
            if action == "view" or self.dice.random() < 0.4:
                meta = obj._meta
                name = f"{meta.app_label}.{action}_{meta.model_name}"
                grant = assign_perm(name, holder, obj)
                if self.dice.random() < 0.3:
                    days = self.dice.choice((-2, 2))
                    grant.expires_at = timezone.now() + timedelta(days=days)
                    grant.save()


PERMISSIONS = [
    f"{model._meta.app_label}.{action}_{model._meta.model_name}"
    for model in (Device, Build)
    for action in actions_on(model)
]


@pytest.mark.parametrize("seed", range(12))
def test_words_and_rule_agree_in_any_world(db, seed):
    world = World(random.Random(seed))
    viewer = Actor.named_system("tests")
    answers = set()
    for obj in [*world.objects, *world.organizations]:
        listed = set(people_reaching(obj))
        for person in world.people:
            lines = possibilities(viewer, obj, person)
            for line in lines:
                assert line.is_allowed == bool(line.reasons), (seed, obj, person, line)
                answers.add(line.is_allowed)
            # A superuser without a factor is asked for as if they had one, and not listed.
            if any(line.is_allowed for line in lines) and not person.is_superuser:
                assert person in listed
    assert answers == {True, False}
