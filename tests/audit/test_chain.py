"""The audit chain notices every way of lying, also of somebody who can lift the triggers."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import uuid

import pytest
from django.db import connection

from accounts.events import OrganizationChanged
from audit.chain import event_hash, links
from audit.models import AuditEvent, AuditHead
from audit.recorder import record
from audit.verification import chain_faults


@pytest.fixture
def chain(acme, note):
    return [note(acme, note=f"change {n}") for n in range(5)]


def faults(organization) -> list[str]:
    return chain_faults(organization.pk)


def test_untouched_chain_has_no_faults(acme, chain):
    assert faults(acme) == []


@pytest.mark.parametrize(
    "lie",
    [
        {"data": {"note": "something else"}},
        {"actor": "nobody"},
        {"credential": "API key 00000000"},
        {"address": "203.0.113.9"},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"verb": "accounts.signed_in"},
        {"target_uid": uuid.uuid4()},
        {"actor_uid": uuid.uuid4()},
        {"format": 1},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_edited_event_is_found(acme, chain, tampering, lie):
    with tampering():
        AuditEvent.objects.filter(pk=chain[2].pk).update(**lie)
    assert faults(acme) == [f"event {chain[2].seq} was changed"]


def test_edited_event_with_a_new_hash_breaks_the_next_link(acme, chain, tampering):
    event = chain[2]
    event.actor = "nobody"
    event.hash = event_hash(event)
    with tampering():
        event.save()
    assert faults(acme) == ["event 4 does not follow its predecessor"]


def test_dropped_event_is_found(acme, chain, tampering):
    with tampering():
        AuditEvent.objects.filter(pk=chain[2].pk)._raw_delete("default")
    assert faults(acme) == [f"event {chain[2].seq} is missing"]


def test_truncated_chain_is_found(acme, chain, tampering):
    with tampering():
        AuditEvent.objects.filter(pk=chain[-1].pk)._raw_delete("default")
    assert faults(acme) == ["the chain ends at 4, its head says 5"]


def test_swapped_events_are_found(acme, chain, tampering):
    first, second = chain[1], chain[2]
    with tampering():
        AuditEvent.objects.filter(pk=first.pk).update(seq=999)
        AuditEvent.objects.filter(pk=second.pk).update(seq=first.seq)
        AuditEvent.objects.filter(pk=first.pk).update(seq=second.seq)
    assert faults(acme)


def test_chains_that_change_places_are_found(acme, umbrella, chain, note, tampering):
    note(umbrella)
    with tampering():
        for rows in (AuditEvent.objects, AuditHead.objects):
            rows.filter(organization=acme).update(organization_id=10**9)
            rows.filter(organization=umbrella).update(organization=acme)
            rows.filter(organization_id=10**9).update(organization=umbrella)
    assert "the chain bears the name of another organization" in faults(acme)


def test_chains_of_organizations_do_not_mix(acme, umbrella, chain, note):
    note(umbrella)
    assert faults(acme) == faults(umbrella) == []
    assert AuditHead.objects.get(organization=umbrella).seq == 1


def test_secret_sounding_data_is_refused(acme, system):
    with pytest.raises(ValueError, match="must not carry"):
        record(system, OrganizationChanged, acme, organization=acme, password="x")


def test_events_without_organization_form_a_chain_too(note, db):
    note(None)
    note(None)
    assert chain_faults(None) == []


def test_data_comes_back_as_it_was_hashed(acme, note):
    """Whatever a service hands over: the two databases keep JSON each in its own way."""
    note(
        acme,
        number=1e22,
        small=0.1,
        when=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        uid=uuid.UUID(int=7),
        nul="a\x00b",
        lone="\ud800",
        nested={"z": [1, {"ä": None}], "a": True},
        many={"b", "a"} - {"b"},
        deep={"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
    )
    assert faults(acme) == []


def test_event_at_a_whole_second_verifies(acme, note):
    import time_machine

    with time_machine.travel(dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC), tick=False):
        note(acme)
    assert faults(acme) == []


def test_event_carries_what_its_actor_came_with(acme, alice, system):
    from accounts.actor import Actor

    actor = Actor.for_user(alice, credential="API key 1234abcd", address="192.0.2.1")
    event = record(actor, OrganizationChanged, acme, organization=acme)
    assert event.credential == "API key 1234abcd"
    other = Actor.for_user(alice, impersonator=alice)
    assert record(other, OrganizationChanged, acme, organization=acme).credential == (
        "impersonated by alice@example.org"
    )


def test_events_of_the_first_format_still_verify(acme, tampering):
    """A row as version 0.2 wrote and hashed it, followed by one of today."""
    at, uid = dt.datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=dt.UTC), uuid.uuid4()
    said = {
        "uid": f"{uid}",
        "seq": "1",
        "verb": "accounts.organization_changed",
        "actor": "alice@example.org",
        "actor_uid": "",
        "address": "",
        "request_id": "",
        "target_type": "accounts.organization",
        "target_uid": f"{acme.uid}",
        "target_label": "Acme",
        "organization": acme.pk,
        "at": "2026-01-02T03:04:05.000600+00:00",
        "data": {"b": 1, "a": "ä"},
    }
    body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(f"{'0' * 64}{body}".encode()).hexdigest()
    with tampering():
        AuditEvent.objects.create(
            organization=acme,
            uid=uid,
            seq=1,
            at=at,
            verb=said["verb"],
            actor=said["actor"],
            target_type=said["target_type"],
            target_uid=acme.uid,
            target_label="Acme",
            data=said["data"],
            previous_hash="0" * 64,
            hash=digest,
        )
        AuditHead.objects.create(organization=acme, seq=1, hash=digest, chain=f"{acme.uid}")
    from audit.actors import SystemActor

    record(SystemActor("tests"), OrganizationChanged, acme, organization=acme)
    assert faults(acme) == []
    with tampering():
        AuditEvent.objects.filter(organization=acme, seq=1).update(actor="nobody")
    assert faults(acme) == ["event 1 was changed"]


def test_row_from_the_orm_and_row_from_sql_are_one(acme, chain):
    event = AuditEvent.objects.get(pk=chain[3].pk)
    (link,) = links(acme.pk, after=3, until=4)
    assert event_hash(event) == link.hash == event.hash


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_chain_without_a_gap(acme, system):
    def append():
        try:
            for _ in range(5):
                record(system, OrganizationChanged, acme, organization=acme)
        finally:
            connection.close()

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditHead.objects.get(organization=acme).seq == 20
    assert faults(acme) == []
