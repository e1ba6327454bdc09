"""`manage.py audit_verify`: silent when every chain is whole, exit code 1 when one is not."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import triggers
from audit.models import AuditEvent, AuditHead


@pytest.fixture
def chains(acme, umbrella, note):
    for organization in (acme, umbrella, None):
        for _ in range(3):
            note(organization)


def verify(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=out, stderr=err)
    finally:
        verify.faults = err.getvalue().splitlines()
    return out.getvalue()


def test_whole_chains_are_counted(chains):
    assert verify() == "3 chains, 9 events: every chain is whole.\n"


def test_heads_are_printed_to_be_kept_elsewhere(chains, acme):
    head = AuditHead.objects.get(organization=acme)
    assert f"Acme: 3 {head.hash}" in verify("--heads")


def test_empty_log_is_whole(db):
    assert "0 chains, 0 events" in verify()


def test_edited_event_fails_and_is_named(chains, acme, tampering):
    with tampering():
        AuditEvent.objects.filter(organization=acme, seq=2).update(actor="nobody")
    with pytest.raises(CommandError, match="Broken: 1 of 3 chains"):
        verify()
    assert verify.faults == ["Acme: event 2 was changed"]


def test_chain_without_its_head_is_still_checked(chains, acme, tampering):
    with tampering():
        AuditHead.objects.filter(organization=acme).delete()
        AuditEvent.objects.filter(organization=acme, seq=2)._raw_delete("default")
    with pytest.raises(CommandError):
        verify()
    assert "Acme: event 2 is missing" in verify.faults
    assert "Acme: the chain has lost its head" in verify.faults


def test_chain_of_a_deleted_organization_is_still_checked(chains, umbrella, tampering):
    with tampering():
        AuditEvent.objects.filter(organization=umbrella, seq=1).update(data={"x": 1})
    chain = f"{umbrella.uid}"
    type(umbrella).objects.filter(pk=umbrella.pk).delete()
    with pytest.raises(CommandError):
        verify()
    assert verify.faults == [f"organization {chain}: event 1 was changed"]


def cut_off_tail(organization) -> None:
    """Remove the last event and set the head back: by itself the rest is a whole chain."""
    with triggers.lifted(connection):
        AuditEvent.objects.filter(organization=organization, seq=3)._raw_delete("default")
        last = AuditEvent.objects.get(organization=organization, seq=2)
        AuditHead.objects.filter(organization=organization).update(seq=2, hash=last.hash)


def test_tail_cut_off_with_its_head_is_found_by_a_kept_head(chains, acme, tmp_path):
    kept = tmp_path / "heads.txt"
    kept.write_text(verify("--heads"))
    assert "every chain is whole" in verify("--expect", f"{kept}")
    cut_off_tail(acme)
    assert "every chain is whole" in verify()
    with pytest.raises(CommandError, match="Broken"):
        verify("--expect", f"{kept}")
    assert len(verify.faults) == 1
    assert "no chain holds event 3" in verify.faults[0]


def test_chain_that_grew_still_holds_the_kept_head(chains, acme, note, tmp_path):
    kept = tmp_path / "heads.txt"
    kept.write_text(verify("--heads"))
    note(acme)
    assert "10 events: every chain is whole" in verify("--expect", f"{kept}")


def test_rewritten_chain_is_found_by_a_kept_head(chains, acme, tmp_path):
    from audit.chain import event_hash

    kept = tmp_path / "heads.txt"
    kept.write_text(verify("--heads"))
    previous = "0" * 64
    with triggers.lifted(connection):
        for event in AuditEvent.objects.filter(organization=acme).order_by("seq"):
            event.actor, event.previous_hash = "nobody", previous
            event.hash = previous = event_hash(event)
            event.save()
        AuditHead.objects.filter(organization=acme).update(hash=previous)
    assert "every chain is whole" in verify()
    with pytest.raises(CommandError):
        verify("--expect", f"{kept}")


@pytest.mark.parametrize("text", ["", "nothing of interest"])
def test_file_without_heads_is_refused(chains, tmp_path, text):
    (tmp_path / "heads.txt").write_text(text)
    with pytest.raises(CommandError, match="holds no head"):
        verify("--expect", f"{tmp_path / 'heads.txt'}")


def test_missing_trigger_is_named(chains):
    with connection.cursor() as cursor:
        on = " ON audit_auditevent" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER audit_event_final{on}")
    with pytest.raises(CommandError, match="Broken"):
        verify()
    assert verify.faults == ["the trigger audit_event_final is missing: run migrate"]
