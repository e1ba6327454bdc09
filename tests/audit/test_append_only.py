"""The database refuses to change what was recorded; SQLite and PostgreSQL alike."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit import triggers
from audit.chain import event_hash
from audit.models import AuditEvent, AuditHead
from audit.verification import chain_faults


@pytest.fixture
def chain(acme, note):
    return [note(acme, n=n) for n in range(4)]


def refused(words: str, change) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        change()


def sql(statement: str, *given):
    def run():
        with connection.cursor() as cursor:
            cursor.execute(statement, given)

    return run


def test_every_trigger_is_there(db):
    assert triggers.missing(connection) == []


@pytest.mark.parametrize("column", ["actor", "data", "hash", "seq", "organization_id"])
def test_no_column_of_an_event_can_be_changed(chain, column):
    value = 77 if column in {"seq", "organization_id"} else '{"n": 1}'
    refused("final", sql(f"UPDATE audit_auditevent SET {column} = %s", value))


def test_event_cannot_be_saved_again(chain):
    refused("final", chain[0].save)


def test_event_cannot_be_deleted(chain):
    refused("stay", chain[-1].delete)
    refused("stay", sql("DELETE FROM audit_auditevent"))
    assert AuditEvent.objects.count() >= 4


def test_event_cannot_be_slipped_in(acme, chain):
    event = chain[1]
    event.pk, event.uid, event.seq = None, acme.uid, 900
    refused("end of their chain", lambda: event.save(force_insert=True))


@pytest.mark.parametrize(
    "change",
    [
        "seq = seq - 1",
        "seq = seq + 1",
        "seq = seq + 2",
        "hash = previous_hash",
        "chain = 'another'",
        "organization_id = 99999",
        "archived_seq = 2",
        "archived_hash = previous_hash",
    ],
)
def test_head_only_grows_onto_events_that_are_there(acme, chain, change):
    change = change.replace("previous_hash", f"'{'1' * 64}'")
    refused("only grows", sql(f"UPDATE audit_audithead SET {change} WHERE seq > 1"))


def test_head_goes_back_neither_to_an_event_that_is_there(acme, chain):
    head = AuditHead.objects.get(organization=acme)
    refused(
        "only grows",
        lambda: AuditHead.objects.filter(pk=head.pk).update(seq=2, hash=chain[1].hash),
    )


def test_door_of_the_archive_stays_shut_without_its_proof(acme, chain):
    """The number and the hash are right, but the chain does not say where the events went."""
    heads = AuditHead.objects.filter(organization=acme)
    refused("only grows", lambda: heads.update(archived_seq=2, archived_hash=chain[1].hash))


def test_head_cannot_be_deleted(chain):
    refused("stays", sql("DELETE FROM audit_audithead"))


def test_deleting_an_organization_keeps_its_events(umbrella, note):
    note(umbrella)
    key = umbrella.pk
    type(umbrella).objects.filter(pk=key).delete()
    rows = AuditEvent.objects.filter(organization_id=key)
    assert event_hash(rows.get()) == rows.get().hash
    assert chain_faults(key) == []


def test_table_that_was_rebuilt_gets_its_triggers_back(db):
    triggers.remove(connection)
    assert triggers.missing(connection)
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_flush_of_an_installation_is_refused_by_the_triggers(acme, note):
    """Tests have a `flush` of their own, which lifts them; this is Django's."""
    from django.core.management.commands.flush import Command

    note(acme)
    with pytest.raises(Exception, match=r"stay|flushed"):
        call_command(Command(), interactive=False, verbosity=0)
    assert AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_flush_between_tests_works(acme, note):
    note(acme)
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEvent.objects.exists()
    assert triggers.missing(connection) == []
