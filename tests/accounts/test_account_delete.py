"""Deleting one's account: what goes, what stays, who is refused, and what a crash leaves."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from accounts import belongings as registry
from accounts.actor import Actor
from accounts.avatars import squared
from accounts.choices import Role
from accounts.models import Membership, Organization, User
from accounts.selectors.people import own_organization
from accounts.services.account_delete import (
    RESUME_AFTER,
    account_delete,
    account_erase,
    erasure_plan,
    erasures_resume,
)
from accounts.services.profile import avatar_set
from accounts.services.support import user_reactivate
from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.models import Artifact, Build, Source
from core.exceptions import Conflict
from devices.models import Device
from gateway.mqtt.access import identify
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import deploy_key_create, env_var_set, firmware_key_for
from tests.accounts.test_profile_picture import png
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.outbox import last_mail

URL = "/accounts/data/delete/"
MODELS = (Device, Source, Build, Artifact, ApiKey, DeployKey, EnvVar)


@pytest.fixture
def erased_by_hand(monkeypatch):
    """Collect the tasks that would finish deletions."""
    sent = []
    monkeypatch.setattr(
        "accounts.services.account_delete.enqueue",
        lambda name, **kwargs: sent.append((name, kwargs)),
    )
    return sent


@pytest.fixture
def home(guest, system, erased_by_hand) -> Organization:
    """The personal organization of guest with one of everything, files included."""
    organization = own_organization(guest)
    source = SourceFactory(organization=organization)
    device = DeviceFactory(organization=organization, source=source, alias="Kitchen")
    build = BuildFactory(source=source, device=device, status=BuildStatus.SUCCEEDED)
    name = f"{organization.uid}/{build.uid}/firmware.bin"
    ArtifactFactory(build=build, file=default_storage.save(name, ContentFile(b"abc")))
    BuildFactory(source=source, device=device, status=BuildStatus.BUILDING)
    make_api_key(organization, user=guest)
    firmware_key_for(system, device=device)
    deploy_key_create(system, organization=organization, alias="k", algorithm="ed25519")
    env_var_set(system, organization=organization, name="WIFI", value="x", is_secret=True)
    with png() as picture:
        avatar_set(system, user=guest, picture=squared(picture, 100))
    return organization


def delete(client, user):
    return client.post(URL, {"typed": user.email})


def test_page_says_exactly_what_goes(signed_in, guest, home):
    page = signed_in(guest).get(URL).text
    assert (
        "1 device, 2 builds with their logs and artifacts, 1 source, 2 API keys, 1 deploy key, "
        "1 environment variable." in page
    )
    assert "The audit log keeps what you did" in page


def test_person_deletes_the_account_and_nothing_of_it_is_left(
    signed_in, guest, home, acme, django_capture_on_commit_callbacks, erased_by_hand
):
    join(guest, acme, Role.VIEWER)
    client, elsewhere = signed_in(guest), signed_in(guest)
    files = [Artifact.objects.get().file, guest.avatar]
    with django_capture_on_commit_callbacks(execute=True):
        answer = delete(client, guest)
    assert "Your account is deleted" in answer.text
    assert last_mail(guest.email).subject == "Your account is deleted"
    for browser in (client, elsewhere):
        assert browser.get("/accounts/profile/").status_code == 302
    assert erased_by_hand == [("accounts.erase", {"user_uid": f"{guest.uid}"})]
    with django_capture_on_commit_callbacks(execute=True):
        account_erase(f"{guest.uid}")
    assert not User.objects.filter(email="guest@example.org").exists()
    assert not Organization.objects.filter(pk=home.pk).exists()
    assert [model.objects.count() for model in MODELS] == [0] * len(MODELS)
    assert not any(default_storage.exists(name) for name in files)
    assert not default_storage.exists(f"{home.uid}")
    assert not default_storage.exists(f"avatars/{guest.uid}")
    assert not acme.memberships.exists()


def test_audit_log_keeps_what_the_person_did(signed_in, guest, home):
    delete(signed_in(guest), guest)
    account_erase(f"{guest.uid}")
    started = AuditEvent.objects.get(verb="accounts.erasure_started")
    assert started.actor == "guest@example.org"
    assert started.data["counts"]["device"] == 1
    assert AuditEvent.objects.get(verb="accounts.erased").actor == "system: account deletion"


def test_devices_and_mqtt_are_refused_before_anything_is_removed(act, guest, home):
    _, secret = make_api_key(home, user=guest)
    assert identify(home.owner_id, secret) is not None
    account_delete(act(guest), user=guest)
    assert identify(home.owner_id, secret) is None
    assert Device.objects.exists()


def test_key_that_acts_as_the_person_elsewhere_is_revoked_and_device_keys_stay(act, guest, acme):
    script, _ = make_api_key(acme, user=guest, kind=ApiKeyKind.AUTOMATION)
    device_key, _ = make_api_key(acme, user=guest)
    account_delete(act(guest), user=guest)
    account_erase(f"{guest.uid}")
    script.refresh_from_db()
    device_key.refresh_from_db()
    assert (script.is_revoked, device_key.is_revoked) == (True, False)


def test_running_build_is_cancelled(act, guest, home):
    account_delete(act(guest), user=guest)
    statuses = set(Build.objects.values_list("status", flat=True))
    assert statuses == {BuildStatus.CANCELLED, BuildStatus.SUCCEEDED}


@pytest.mark.parametrize("typed", ["", "guest", "GUEST@example.org "])
def test_wrong_confirmation_deletes_nothing(signed_in, guest, home, typed):
    answer = signed_in(guest).post(URL, {"typed": typed})
    assert answer.status_code == 422
    guest.refresh_from_db()
    assert guest.is_active


def test_last_admin_of_a_shared_organization_has_to_hand_over(signed_in, act, alice, acme, olga):
    page = signed_in(alice).get(URL)
    assert f'<a href="{acme.get_absolute_url()}">Acme</a>' in page.text
    assert "Delete the account for good" not in page.text
    assert delete(signed_in(alice), alice).status_code == 422
    with pytest.raises(Conflict) as refused:
        account_delete(act(alice), user=alice)
    assert refused.value.code == "accounts.hand_over_first"
    Membership.objects.filter(user=olga, organization=acme).update(role=Role.ADMIN)
    account_delete(act(alice), user=alice)
    alice.refresh_from_db()
    assert not alice.is_active


def test_admin_above_is_enough_and_an_inactive_one_is_not(alice, acme, guest):
    plant = OrganizationFactory(name="Plant", parent=acme)
    join(guest, plant, Role.ADMIN)
    assert erasure_plan(guest).is_possible
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert erasure_plan(guest).handovers == (plant,)


def test_admin_above_and_below_is_still_the_only_one(alice, acme):
    plant = OrganizationFactory(name="Plant", parent=acme)
    join(alice, plant, Role.ADMIN)
    assert set(erasure_plan(alice).handovers) == {acme, plant}


def test_organization_below_the_personal_one_has_to_move_first(act, guest):
    OrganizationFactory(name="Below", parent=own_organization(guest))
    with pytest.raises(Conflict) as refused:
        account_delete(act(guest), user=guest)
    assert refused.value.code == "accounts.organizations_below"


def test_last_superuser_stays(act, root, guest):
    with pytest.raises(Conflict) as refused:
        account_delete(act(root), user=root)
    assert refused.value.code == "accounts.last_superuser"


def test_old_proof_is_asked_for_again(signed_in, guest, home):
    client = signed_in(guest)
    session = client.session
    session["proved_at"] = 0.0
    session.save()
    assert "/sudo/" in delete(client, guest)["Location"]
    guest.refresh_from_db()
    assert guest.is_active


def test_crash_in_the_middle_is_finished_by_the_sweeper(
    act, guest, home, monkeypatch, erased_by_hand
):
    account_delete(act(guest), user=guest)
    keys = registry.belongings.get("deploy-keys")

    def crash(organization):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(keys, "erase", crash)
        with pytest.raises(OSError, match="full"):
            account_erase(f"{guest.uid}")
    assert not Device.objects.exists()
    assert User.objects.filter(pk=guest.pk).exists()
    erased_by_hand.clear()
    erasures_resume()
    assert erased_by_hand == []
    User.objects.filter(pk=guest.pk).update(erasing_since=timezone.now() - RESUME_AFTER * 2)
    erasures_resume()
    assert erased_by_hand == [("accounts.erase", {"user_uid": f"{guest.uid}"})]
    account_erase(f"{guest.uid}")
    assert not User.objects.filter(pk=guest.pk).exists()
    account_erase(f"{guest.uid}")
    assert AuditEvent.objects.filter(verb="accounts.erased").count() == 1


def test_task_for_somebody_who_did_not_ask_does_nothing(guest, home):
    account_erase(f"{guest.uid}")
    User.objects.filter(pk=guest.pk).update(is_active=False)
    account_erase(f"{guest.uid}")
    erasures_resume()
    assert User.objects.filter(pk=guest.pk).exists()
    assert Device.objects.exists()


def test_deleting_twice_is_refused(act, guest):
    account_delete(act(guest), user=guest)
    with pytest.raises(Conflict) as refused:
        account_delete(Actor.for_user(guest), user=guest)
    assert refused.value.code == "accounts.erasing"


def test_support_does_not_bring_back_who_left(act, system, guest):
    account_delete(act(guest), user=guest)
    with pytest.raises(Conflict) as refused:
        user_reactivate(system, user=guest)
    assert refused.value.code == "accounts.erasing"


def test_many_devices_go_in_portions(act, guest, erased_by_hand, django_assert_max_num_queries):
    organization = own_organization(guest)
    rows = [Device(organization=organization, alias=f"d{n}") for n in range(450)]
    Device.objects.bulk_create(rows)
    account_delete(act(guest), user=guest)
    with django_assert_max_num_queries(300):
        account_erase(f"{guest.uid}")
    assert not Device.objects.exists()


def test_nothing_protects_a_person_or_their_organization():
    """A new table that would keep an account from going shows here."""
    holding = [
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for model in (User, Organization)
        for relation in model._meta.related_objects
        if getattr(relation, "on_delete", None) in (models.PROTECT, models.RESTRICT)
    ]
    assert holding == []


def test_everything_in_an_organization_is_exported_and_erased():
    """A new model with an organization of its own has to join accounts.belongings."""
    known = {kind.model for kind in registry.belongings}
    elsewhere = {
        "accounts.Membership", "accounts.Invitation", "accounts.CustomRole", "accounts.UserGroup",
        "audit.AuditEvent", "audit.AuditHead", "builds.Artifact",
        # Parts of jobs, of the two halves of a transfer, and of notifications.
        "fleet.BulkJobItem", "fleet.Transfer", "notifications.Occurrence",
        "notifications.NotificationDelivery",
    }  # fmt: skip
    missing = [
        model._meta.label
        for model in apps.get_models()
        if any(
            field.is_relation and field.related_model is Organization and field.concrete
            for field in model._meta.get_fields()
        )
        and model not in known
        and model._meta.label not in elsewhere
    ]
    assert missing == []


def test_stranger_is_sent_to_sign_in(client, db):
    assert client.get(URL)["Location"] == f"/accounts/sign-in/?next={URL}"
