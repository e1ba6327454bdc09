"""Devices are offered to somebody: who may, to whom, and what is refused."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse

from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError, Forbidden, QuotaExceeded
from fleet.models import Transfer, TransferItem, TransferParty
from fleet.transfers import requesting
from tests.factories.accounts import make_user
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer, other_side
from tests.support.outbox import last_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks(execute=True)


def test_both_sides_get_an_entry_a_mail_and_an_event(sensor, alice, umbrella, mallory, commit):
    with commit:
        party = make_transfer([sensor], umbrella.owner_id, user=alice, message="As agreed")
    incoming = other_side(party)
    assert (party.direction, incoming.organization) == ("outgoing", umbrella)
    assert party.transfer.state == "requested"
    found = AuditEvent.objects.filter(verb="fleet.transfer_requested")
    assert {event.organization for event in found} == {party.organization, umbrella}
    asked, copy = last_mail(mallory.email), last_mail(alice.email)
    for part in (asked.text, asked.html):
        assert "sensor" in part
        assert "As agreed" in part
        assert f"/transfers/question/{party.transfer.uid}/" in part
    assert asked.html.startswith("<!doctype html>")
    assert party.get_absolute_url() in copy.text


def test_person_is_addressed_by_e_mail_in_any_case(sensor, alice, guest):
    party = make_transfer([sensor], guest.email.upper(), user=alice)
    assert other_side(party).organization.memberships.get().user == guest


def test_sender_cannot_tell_whether_there_is_an_account(sensor, acme, alice, guest):
    other = DeviceFactory(organization=acme)
    known = make_transfer([sensor], guest.email, user=alice)
    unknown = make_transfer([other], "nobody@example.org", user=alice)
    nobody = make_transfer([DeviceFactory(organization=acme)], "f" * 64, user=alice)
    for party in (known, unknown, nobody):
        seen = (party.transfer.state, party.transfer.recipient, party.organization)
        assert seen == ("requested", None, acme)
    assert TransferParty.objects.filter(direction="incoming").count() == 1


def test_address_without_an_account_is_invited_by_mail(sensor, alice, commit):
    with commit:
        make_transfer([sensor], "new@example.org", user=alice)
    assert "create one with this address" in last_mail("new@example.org").text


def test_owner_id_of_nobody_gets_no_mail(sensor, alice, commit):
    with commit:
        make_transfer([sensor], "f" * 64, user=alice)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]


@pytest.mark.parametrize("to", ["", "somebody", "f" * 63, "a@b@c"])
def test_what_is_no_address_is_refused(sensor, alice, to):
    with pytest.raises(DomainError) as refused:
        make_transfer([sensor], to, user=alice)
    assert refused.value.code == "fleet.transfer_address"


def test_own_device_to_oneself_is_refused(sensor, alice, acme):
    with pytest.raises(DomainError) as refused:
        make_transfer([sensor], acme.owner_id, user=alice)
    assert refused.value.code == "fleet.transfer_to_self"


def test_own_device_to_ones_own_address_is_refused(guest, act):
    home = guest.memberships.get().organization
    with pytest.raises(DomainError) as refused:
        make_transfer([DeviceFactory(organization=home)], guest.email, user=guest)
    assert refused.value.code == "fleet.transfer_to_self"


def test_device_in_another_transfer_is_refused(sensor, alice, umbrella):
    make_transfer([sensor], umbrella.owner_id, user=alice)
    with pytest.raises(Conflict) as refused:
        make_transfer([sensor], "other@example.org", user=alice)
    assert refused.value.code == "fleet.transfer_in_progress"
    assert "sensor" in refused.value.message


def test_database_lets_a_device_into_one_open_transfer_only(sensor, alice, umbrella, monkeypatch):
    make_transfer([sensor], umbrella.owner_id, user=alice)
    monkeypatch.setattr(requesting, "in_transfer", lambda pks: [])
    with pytest.raises(Conflict) as refused:
        make_transfer([sensor], umbrella.owner_id, user=alice)
    assert refused.value.code == "fleet.transfer_in_progress"
    assert TransferItem.objects.count() == Transfer.objects.count() == 1


def test_devices_of_two_organizations_are_refused(sensor, alice, umbrella):
    with pytest.raises(Conflict) as refused:
        make_transfer([sensor, DeviceFactory(organization=umbrella)], "a@b.org", user=alice)
    assert refused.value.code == "fleet.transfer_mixed"


def test_nothing_chosen_is_refused(alice):
    with pytest.raises(DomainError) as refused:
        make_transfer([], "a@b.org", user=alice)
    assert refused.value.code == "fleet.transfer_empty"


def test_more_than_a_thousand_are_refused(sensor, alice, monkeypatch):
    monkeypatch.setattr(requesting, "MAX_DEVICES", 0)
    with pytest.raises(DomainError) as refused:
        make_transfer([sensor], "a@b.org", user=alice)
    assert refused.value.code == "fleet.transfer_too_many"


def test_thirty_in_an_hour_are_enough(sensor, acme, alice, monkeypatch):
    for _ in range(30):
        requesting.REQUESTS.failed(f"{acme.uid}")
    with pytest.raises(QuotaExceeded) as refused:
        make_transfer([sensor], "a@b.org", user=alice)
    assert refused.value.code == "fleet.transfer_too_often"
    requesting.REQUESTS.forget(f"{acme.uid}")


def test_key_that_others_call_with_cannot_go_along(sensor, acme, alice, key_of):
    from devices.models import DeviceState

    key_of(sensor)
    prefix = DeviceState.objects.get(device=sensor).last_key_prefix
    other = DeviceFactory(organization=acme)
    DeviceState.objects.filter(device=other).update(last_key_prefix=prefix)
    sensor.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        make_transfer([sensor], "a@b.org", user=alice)
    assert refused.value.code == "fleet.transfer_key_shared"
    assert make_transfer([sensor], "a@b.org", user=alice, key_mode="rekey")


@pytest.mark.parametrize(
    "option",
    [
        {"key_mode": "move"},
        {"key_mode": "rekey", "environment_mode": "keep"},
        {"key_mode": "rekey", "with_credentials": True},
        {"key_mode": "rekey", "source_mode": "move"},
    ],
)
def test_what_goes_along_needs_its_own_right(sensor, acme, option):
    from accounts.choices import Role
    from accounts.models import CustomRole, Membership

    mover = make_user("mover")
    actions = ["devices.view_device", "devices.transfer_device", "fleet.view_transferparty"]
    role = CustomRole.objects.create(organization=acme, name="Mover", actions=actions)
    Membership.objects.create(user=mover, organization=acme, role=Role.CUSTOM, custom_role=role)
    with pytest.raises(Forbidden) as refused:
        make_transfer([sensor], "a@b.org", user=mover, **option)
    assert refused.value.code == "fleet.transfer_rights"
    assert make_transfer([sensor], "a@b.org", user=mover, key_mode="rekey")


@pytest.mark.parametrize(("person", "status"), [("olga", 403), ("vera", 403), ("mallory", 404)])
def test_only_admins_of_the_sender_transfer(request, signed_in, sensor, person, status):
    client = signed_in(request.getfixturevalue(person))
    url = reverse("devices:device_transfer", kwargs={"uid": sensor.uid})
    assert client.post(url, {"to": "a@b.org"}).status_code == status
    assert not Transfer.objects.exists()
