"""Sharing one object: what is given, by whom, to whom, until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import UserGroup
from accounts.selectors.shares import share_of, shares_of
from accounts.services.sharing import (
    grants_sweep,
    object_share,
    object_unshare,
    person_to_share_with,
    share_change,
)
from audit.models import AuditEvent
from builds.models import Artifact
from core.exceptions import Conflict, DomainError, Forbidden
from core.grants import shareable_models
from core.scoping import is_allowed
from devices.models import Device, DeviceUserPermission
from tests.factories.builds import ArtifactFactory
from tests.factories.devices import DeviceFactory
from tests.support.outbox import last_mail, links_in, mails_to

SOON = timedelta(days=3)


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


@pytest.fixture
def crew(acme, guest):
    group = Group.objects.create(name="crew")
    group.user_set.add(guest)
    return UserGroup.objects.create(organization=acme, name="Field crew", group=group)


def may(user, obj, action="view"):
    return is_allowed(obj, Actor.for_user(user), action)


def events(obj, verb):
    return AuditEvent.objects.filter(target_uid=obj.uid, verb=f"accounts.{verb}")


def share(actor, obj, to, *actions, days=None):
    until = timezone.now() + timedelta(days=days) if days else None
    return object_share(actor, obj=obj, to=to, actions=actions, until=until)


def test_admin_shares_a_device_and_the_guest_may_just_that(act, device, alice, guest):
    share(act(alice), device, guest, "change")
    assert may(guest, device)
    assert may(guest, device, "change")
    assert not may(guest, device, "delete")
    assert not may(guest, device, "share")


def test_share_always_includes_view(act, device, alice, guest):
    assert share(act(alice), device, guest, "build").actions == {"view", "build"}
    assert share_of(device, guest).actions == {"view", "build"}


def test_share_is_audited_on_the_object_with_before_and_after(act, device, alice, guest):
    share(act(alice), device, guest, "change")
    event = events(device, "object_shared").get()
    assert event.organization == device.organization
    assert event.data["shared_with"] == guest.email
    assert event.data["changes"] == {"actions": {"before": None, "after": "change, view"}}


def test_share_is_mailed_to_the_person(
    act, device, alice, guest, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        share(act(alice), device, guest, "change", days=3)
    mail = last_mail(guest.email)
    assert "Boiler" in mail.subject
    assert "may see it, change it, until" in mail.text
    assert links_in(mail)[0].endswith(device.get_absolute_url())
    assert "Acme" in mail.html


def test_changing_a_share_is_not_mailed(
    act, device, alice, guest, django_capture_on_commit_callbacks
):
    share(act(alice), device, guest)
    before = len(mails_to(guest.email))
    with django_capture_on_commit_callbacks(execute=True):
        share_change(act(alice), obj=device, to=guest, actions=["change"])
    assert len(mails_to(guest.email)) == before


def test_operator_may_not_share(act, device, olga, guest):
    with pytest.raises(PermissionDenied):
        share(act(olga), device, guest)


def test_outsider_cannot_tell_what_they_cannot_share(act, device, mallory, guest):
    with pytest.raises(Http404):
        share(act(mallory), device, guest)


def test_guest_with_share_may_pass_on_what_they_have_and_no_more(
    act, device, alice, guest, mallory
):
    share(act(alice), device, guest, "share")
    with pytest.raises(Forbidden) as error:
        share(act(guest), device, mallory, "change")
    assert error.value.code == "accounts.wider_than_own"
    assert "change it" in error.value.message
    share(act(guest), device, mallory)
    assert may(mallory, device)


def test_guest_cannot_pass_on_for_longer_than_they_hold(act, device, alice, guest, mallory):
    share(act(alice), device, guest, "share", days=3)
    for days in (None, 4):
        with pytest.raises(Forbidden) as error:
            share(act(guest), device, mallory, days=days)
        assert error.value.code == "accounts.share_outlives_own"
    share(act(guest), device, mallory, days=2)
    assert may(mallory, device)


def test_group_is_shared_with_for_all_its_members(act, device, alice, guest, crew):
    share(act(alice), device, crew, "change")
    assert may(guest, device, "change")
    crew.group.user_set.remove(guest)
    assert not may(guest, device)


def test_group_that_the_sharer_cannot_see_is_refused(act, system, device, alice, umbrella):
    hidden = UserGroup.objects.create(
        organization=umbrella, name="Theirs", group=Group.objects.create(name="theirs")
    )
    with pytest.raises(DomainError) as error:
        share(act(alice), device, hidden)
    assert error.value.code == "accounts.share_no_group"


def test_same_person_twice_is_a_conflict_that_says_what_to_do(act, device, alice, guest):
    share(act(alice), device, guest)
    with pytest.raises(Conflict) as error:
        share(act(alice), device, guest, "change")
    assert error.value.code == "accounts.already_shared"
    assert not may(guest, device, "change")


def test_share_that_is_over_can_be_given_anew(act, device, alice, guest):
    share(act(alice), device, guest, "change", days=1)
    DeviceUserPermission.objects.update(expires_at=timezone.now() - SOON)
    share(act(alice), device, guest)
    assert may(guest, device)
    assert not may(guest, device, "change")


def test_nobody_shares_with_themselves(act, device, alice):
    with pytest.raises(Conflict) as error:
        share(act(alice), device, alice)
    assert error.value.code == "accounts.share_with_oneself"


@pytest.mark.parametrize("action", ["add", "frobnicate", "cancel"])
def test_action_that_the_kind_does_not_have_is_refused(act, device, alice, guest, action):
    with pytest.raises(DomainError) as error:
        share(act(alice), device, guest, action)
    assert error.value.code == "accounts.share_unknown_action"


def test_end_in_the_past_is_refused(act, device, alice, guest):
    with pytest.raises(DomainError) as error:
        object_share(
            act(alice), obj=device, to=guest, actions=[], until=timezone.now() - timedelta(1)
        )
    assert error.value.code == "accounts.share_end_past"


def test_changed_share_is_audited_with_what_differs(act, device, alice, guest):
    share(act(alice), device, guest, "change")
    until = timezone.now() + SOON
    share_change(act(alice), obj=device, to=guest, actions=["build"], until=until)
    assert may(guest, device, "build")
    assert not may(guest, device, "change")
    changes = events(device, "share_changed").get().data["changes"]
    assert changes["actions"] == {"before": "change, view", "after": "build, view"}
    assert changes["until"]["before"] is None


def test_share_saved_without_a_change_is_not_audited(act, device, alice, guest):
    share(act(alice), device, guest)
    share_change(act(alice), obj=device, to=guest, actions=["view"])
    assert not events(device, "share_changed").exists()


def test_withdrawn_share_ends_at_once_and_is_audited(act, device, alice, guest):
    share(act(alice), device, guest, "change")
    object_unshare(act(alice), obj=device, to=guest)
    assert not may(guest, device)
    assert events(device, "share_ended").get().data["shared_with"] == guest.email


def test_guest_gives_up_what_they_hold_without_the_right_to_share(act, device, alice, guest):
    share(act(alice), device, guest)
    object_unshare(act(guest), obj=device, to=guest)
    assert not may(guest, device)


def test_operator_may_not_withdraw(act, device, alice, olga, guest):
    share(act(alice), device, guest)
    with pytest.raises(PermissionDenied):
        object_unshare(act(olga), obj=device, to=guest)
    assert may(guest, device)


def test_withdrawing_twice_is_a_conflict(act, device, alice, guest):
    share(act(alice), device, guest)
    object_unshare(act(alice), obj=device, to=guest)
    with pytest.raises(Conflict) as error:
        object_unshare(act(alice), obj=device, to=guest)
    assert error.value.code == "accounts.not_shared"


@pytest.mark.parametrize("email", ["nobody@example.org", "closed@example.org", ""])
def test_address_without_an_account_is_told_apart_from_none(act, alice, guest, email):
    guest.email, guest.is_active = "closed@example.org", False
    guest.save()
    with pytest.raises(DomainError) as error:
        person_to_share_with(act(alice), email=email)
    assert error.value.code == "accounts.share_no_account"


def test_address_is_found_in_any_case(act, alice, guest):
    assert person_to_share_with(act(alice), email=" Guest@Example.org ") == guest


def test_who_tries_many_addresses_learns_nothing_more_for_an_hour(act, alice, olga, guest):
    for number in range(20):
        with pytest.raises(DomainError):
            person_to_share_with(act(alice), email=f"nobody{number}@example.org")
    with pytest.raises(DomainError) as error:
        person_to_share_with(act(alice), email=guest.email)
    assert error.value.code == "accounts.share_no_account"
    assert person_to_share_with(act(olga), email=guest.email) == guest


def test_sweep_deletes_what_is_over_audits_it_once_and_leaves_the_rest(
    act, device, alice, guest, mallory, crew
):
    share(act(alice), device, guest, "change", days=1)
    share(act(alice), device, crew, "change", days=1)
    share(act(alice), device, mallory)
    assert grants_sweep() == 0
    assert grants_sweep(timezone.now() + SOON) == 2
    assert [share.to for share in shares_of(device)] == [mallory]
    expired = {event.data["shared_with"]: event for event in events(device, "share_expired")}
    assert set(expired) == {guest.email, "group Field crew"}
    event = expired[guest.email]
    assert event.actor == "system: accounts.sweep_grants"
    assert event.data["changes"]["actions"] == {"before": "change, view", "after": None}


def test_key_of_a_person_reaches_nothing_that_is_shared_with_them(act, device, alice, guest):
    share(act(alice), device, guest)
    home = guest.memberships.get().organization
    assert not Device.objects.allowed(Actor(user=guest, ceiling=home)).exists()


def test_artifact_is_shared_like_anything_else(act, acme, alice, guest):
    artifact = ArtifactFactory(build__source__organization=acme)
    share(act(alice), artifact, guest)
    assert list(Artifact.objects.allowed(act(guest))) == [artifact]


def test_every_kind_of_object_can_be_shared():
    names = {model._meta.label for model in shareable_models()}
    assert names == {
        "devices.Device", "devices.Mesh", "devices.StatusTransformer",
        "builds.Source", "builds.Build", "builds.Artifact", "keys.ApiKey",
        "keys.DeployKey", "keys.EnvVar",
    }  # fmt: skip
