"""Custom roles: made, edited, deleted, never wider than their editor, and at once."""

from __future__ import annotations

import pytest

from accounts.catalogue import catalogue, offered_permissions, with_implied
from accounts.choices import Role
from accounts.models import CustomRole, Membership
from accounts.services.roles import role_create, role_delete, role_edit
from audit.models import AuditEvent
from core.exceptions import DomainError
from tests.factories.accounts import OrganizationFactory, make_user
from tests.factories.devices import DeviceFactory

pytestmark = pytest.mark.django_db
SEE, TUNE = "devices.view_device", "devices.change_device"
ALL = ["accounts.view_organization", TUNE, SEE, "devices.view_devicestate"]


def refused(code):
    return pytest.raises(DomainError, check=lambda error: error.code == code)


@pytest.fixture
def tuner(act, alice, acme):
    return role_create(act(alice), organization=acme, name="Tuner", actions=[TUNE])


@pytest.fixture
def carla(acme, tuner):
    user = make_user("carla")
    Membership.objects.create(user=user, organization=acme, role=Role.CUSTOM, custom_role=tuner)
    return user


def test_catalogue_holds_every_kind_of_object_and_no_role_editing():
    labels = [entry.label for entry in catalogue()]
    assert labels[0] == "Devices"
    assert {"Sources", "Builds", "Meshes", "Configuration pushes"} <= set(labels)
    assert "devices.build_device" in offered_permissions()
    assert "accounts.change_customrole" not in offered_permissions()


def test_actions_bring_seeing_with_them():
    assert with_implied([TUNE]) == ALL


def test_page_makes_a_role_and_it_is_audited(signed_in, alice, acme):
    url = f"/accounts/organizations/{acme.uid}/add-role/"
    client = signed_in(alice)
    assert 'aria-label="Devices: change"' in client.get(url).text
    answer = client.post(url, {"name": "Tuner", "actions": [TUNE]})
    assert answer["Location"] == f"/accounts/organizations/{acme.uid}/roles/"
    role = CustomRole.objects.get()
    assert role.actions == ALL
    assert AuditEvent.objects.filter(verb="accounts.role_created").count() == 1
    assert "view, change" in client.get(role.get_absolute_url()).text


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("olga", 403), ("mallory", 404)])
def test_others_edit_a_role_are_refused(signed_in, request, tuner, who, status):
    client = signed_in(request.getfixturevalue(who))
    url = f"/accounts/roles/{tuner.uid}/edit/"
    assert client.post(url, {"name": "Mine", "actions": [TUNE]}).status_code == status


def test_role_without_actions_is_refused(signed_in, alice, acme):
    url = f"/accounts/organizations/{acme.uid}/add-role/"
    answer = signed_in(alice).post(url, {"name": "Nothing"})
    assert answer.status_code == 422
    assert "Tick at least one action." in answer.text


def test_edit_counts_on_the_next_request(signed_in, act, alice, carla, tuner, acme):
    device = DeviceFactory(organization=acme)
    client, url = signed_in(carla), f"/devices/{device.uid}/edit/"
    assert client.get(url).status_code == 200
    role_edit(act(alice), role=tuner, actions=[SEE])
    assert client.get(url).status_code == 403
    event = AuditEvent.objects.get(verb="accounts.role_changed")
    assert TUNE in event.data["changes"]["actions"]["before"]


def test_lesser_admin_neither_makes_nor_widens_nor_narrows_a_wider_role(act, acme, tuner):
    held = CustomRole.objects.create(
        organization=acme,
        name="Half",
        actions=["accounts.change_customrole", "accounts.add_customrole", SEE],
    )
    half = make_user("half")
    Membership.objects.create(user=half, organization=acme, role=Role.CUSTOM, custom_role=held)
    with refused("accounts.wider_than_own"):
        role_create(act(half), organization=acme, name="More", actions=[TUNE])
    for actions in ([SEE], [SEE, TUNE, "devices.delete_device"]):
        with refused("accounts.wider_than_own"):
            role_edit(act(half), role=tuner, actions=actions)


def test_unknown_action_is_refused(act, alice, acme):
    for action in ("devices.fly_device", "accounts.change_customrole", "auth.add_group"):
        with refused("accounts.action_unknown"):
            role_create(act(alice), organization=acme, name="Odd", actions=[action])


def test_role_in_use_is_not_deleted_and_says_who_holds_it(act, alice, carla, tuner, acme):
    with refused("accounts.role_in_use") as caught:
        role_delete(act(alice), role=tuner)
    assert "carla@example.org" in caught.value.message
    carla.memberships.filter(organization=acme).delete()
    role_delete(act(alice), role=tuner)
    assert not CustomRole.objects.exists()


def test_two_roles_of_one_name_are_refused(act, alice, acme, tuner):
    with refused("accounts.role_name_taken"):
        role_create(act(alice), organization=acme, name="tuner", actions=[SEE])
    plant = OrganizationFactory(parent=acme)
    role_create(act(alice), organization=plant, name="tuner", actions=[SEE])
