"""The one access rule, from the outside."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404
from guardian.shortcuts import assign_perm

from accounts.actor import Actor
from accounts.choices import Role
from core.scoping import get_allowed
from devices.models import Device
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.devices import DeviceFactory


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


@pytest.mark.parametrize(
    ("person", "action", "seen"),
    [
        ("alice", "view", True),
        ("alice", "delete", True),
        ("alice", "share", True),
        ("olga", "change", True),
        ("olga", "share", False),
        ("vera", "view", True),
        ("vera", "change", False),
        ("mallory", "view", False),
        ("guest", "view", False),
    ],
)
def test_role_decides_who_may_do_what(request, device, person, action, seen):
    user = request.getfixturevalue(person)
    assert Device.objects.allowed(Actor.for_user(user), action).exists() is seen
    assert user.has_perm(f"devices.{action}_device", device) is seen


def test_role_on_a_node_reaches_its_descendants(acme, alice):
    child = OrganizationFactory(parent=acme, name="Acme Brno")
    DeviceFactory(organization=child)
    assert Device.objects.allowed(Actor.for_user(alice), "change").count() == 1


def test_role_on_a_child_does_not_reach_its_parent(acme, guest, device):
    join(guest, OrganizationFactory(parent=acme, name="Acme Brno"), Role.ADMIN)
    assert not Device.objects.allowed(Actor.for_user(guest), "view").exists()


def test_shared_device_is_viewable_but_not_changeable(device, guest):
    assign_perm("devices.view_device", guest, device)
    actor = Actor.for_user(guest)
    assert get_allowed(Device.objects.all(), actor, "view", uid=device.uid) == device
    with pytest.raises(PermissionDenied):
        get_allowed(Device.objects.all(), actor, "change", uid=device.uid)


def test_outsider_cannot_tell_a_foreign_device_from_none(device, mallory):
    with pytest.raises(Http404):
        get_allowed(Device.objects.all(), Actor.for_user(mallory), "change", uid=device.uid)


def test_unknown_action_is_a_programming_error(alice):
    with pytest.raises(ImproperlyConfigured):
        Device.objects.allowed(Actor.for_user(alice), "frobnicate")


def test_inactive_person_sees_nothing(device, alice):
    alice.is_active = False
    assert not Device.objects.allowed(Actor.for_user(alice)).exists()


def test_superuser_is_unrestricted_only_with_a_verified_session(device, root):
    assert not Device.objects.allowed(Actor.for_user(root)).exists()
    assert Device.objects.allowed(Actor.for_user(root, verified=True)).exists()


def test_credential_ceiling_narrows_and_never_widens(acme, umbrella, device, alice):
    inside = Actor(user=alice, ceiling=acme)
    outside = Actor(user=alice, ceiling=umbrella)
    assert Device.objects.allowed(inside, "change").exists()
    assert not Device.objects.allowed(outside, "view").exists()


def test_list_costs_three_queries_at_most_for_any_number_of_rows(
    acme, alice, django_assert_max_num_queries
):
    DeviceFactory.create_batch(10, organization=acme)
    with django_assert_max_num_queries(5):
        assert len(Device.objects.allowed(Actor.for_user(alice))) == 10
