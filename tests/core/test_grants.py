"""Grants on single objects: which of them count, and that many count like few."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts import actor as actors
from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import UserGroup
from core.scoping import reaches_alike, sees
from devices.models import Device, DeviceUserPermission
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.devices import DeviceFactory


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


@pytest.fixture
def field_crew(umbrella, guest):
    group = Group.objects.create(name="crew")
    group.user_set.add(guest)
    return UserGroup.objects.create(organization=umbrella, name="Field crew", group=group)


def seen_by(user):
    return Device.objects.allowed(Actor.for_user(user))


def close(organization):
    organization.is_active = False
    organization.save(update_fields=["is_active"])


def test_grant_that_is_over_does_not_count(device, guest):
    assign_perm("devices.view_device", guest, device)
    assert seen_by(guest).exists()
    DeviceUserPermission.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not seen_by(guest).exists()


def test_grant_in_a_deactivated_organization_does_not_count(device, acme, guest):
    assign_perm("devices.view_device", guest, device)
    close(acme)
    assert not seen_by(guest).exists()


def test_grant_to_a_group_of_a_deactivated_organization_does_not_count(
    device, umbrella, guest, field_crew
):
    assign_perm("devices.view_device", field_crew.group, device)
    assert seen_by(guest).exists()
    close(umbrella)
    assert not seen_by(guest).exists()


@pytest.mark.parametrize("limit", [0, 1000])
def test_grants_of_one_model_cost_at_most_one_query_beside_the_rows(
    limit, device, guest, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(actors, "LITERAL_GRANTS", limit)
    assign_perm("devices.view_device", guest, device)
    actor = Actor.for_user(guest)
    actor.organization_ids("devices.view_device")
    with django_assert_max_num_queries(2):
        assert list(Device.objects.allowed(actor)) == [device]


@pytest.mark.parametrize("seed", range(4))
def test_many_grants_reach_the_same_rows_as_few(seed, umbrella, guest, field_crew, monkeypatch):
    dice = random.Random(seed)
    places = [umbrella, *(OrganizationFactory(is_active=dice.random() < 0.7) for _ in range(3))]
    join(guest, places[1], Role.OPERATOR)
    for device in (DeviceFactory(organization=dice.choice(places)) for _ in range(30)):
        for action in ("view", "change", "build"):
            for holder in (guest, field_crew.group):
                if dice.random() < 0.3:
                    grant = assign_perm(f"devices.{action}_device", holder, device)
                    if dice.random() < 0.3:
                        grant.expires_at = timezone.now() + timedelta(days=dice.choice((-1, 1)))
                        grant.save()

    def reached(limit):
        monkeypatch.setattr(actors, "LITERAL_GRANTS", limit)
        actor = Actor.for_user(guest)
        rows = Device.objects.order_by("pk")
        return [
            [d.pk for d in rows.allowed(actor, action)]
            for action in ("view", "change", "build", "share")
        ] + [[d.pk for d in rows.allowed(actor).filter(alias__contains="1")[:5]]]

    assert reached(0) == reached(1000)
    assert any(reached(0))


def test_many_grants_can_still_be_counted_ordered_and_joined(device, guest, monkeypatch):
    monkeypatch.setattr(actors, "LITERAL_GRANTS", 0)
    assign_perm("devices.view_device", guest, device)
    actor = Actor.for_user(guest)
    rows = Device.objects.select_related("organization").allowed(actor)
    assert rows.count() == 1
    assert rows.filter(organization__name="Acme").order_by("-alias").first() == device
    assert not reaches_alike(actor, Device, "view", "change")


def test_who_sees_a_row_at_hand(device, vera, guest, mallory, django_assert_num_queries):
    assign_perm("devices.view_device", guest, device)
    actor = Actor.for_user(vera)
    actor.organization_ids("devices.view_device")
    with django_assert_num_queries(0):
        assert sees(actor, device)
    assert sees(Actor.for_user(guest), device)
    assert not sees(Actor.for_user(mallory), device)
