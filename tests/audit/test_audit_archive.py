"""Retention: closed segments move into files with their proof, and the chain goes on from there."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import stat
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit import segments
from audit.actors import SystemActor
from audit.models import AuditEvent, AuditHead
from audit.services import audit_archive
from audit.tasks import archive
from audit.verification import chains, verify
from core.exceptions import Conflict

OLD = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
CUT = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


@pytest.fixture
def chain(acme, note):
    """Three events of January, two of today."""
    with time_machine.travel(OLD, tick=False):
        old = [note(acme, n=n) for n in range(3)]
    return [*old, note(acme, n=3), note(acme, n=4)]


def run(before=CUT):
    return list(audit_archive(SystemActor("tests"), before=before))


def report_of(organization):
    (found,) = (verify(one, set()) for one in chains() if one.organization_id == organization.pk)
    return found


def unpacked(path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def audit_verify(*arguments: str) -> str:
    out = StringIO()
    call_command("audit_verify", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_closed_segment_moves_into_a_file_and_the_chain_goes_on(acme, chain, archive_folder):
    (done,) = run()
    assert done.events == 3
    left = AuditEvent.objects.filter(organization=acme).order_by("seq")
    assert [row.seq for row in left] == [4, 5, 6]
    proof = left[2]
    assert proof.verb == "audit.archived"
    assert proof.data["last_seq"] == 3
    assert proof.data["hash"] == chain[2].hash
    path = archive_folder / proof.data["file"]
    assert segments.digest(path) == proof.data["sha256"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report = report_of(acme)
    assert (report.faults, report.notes) == ([], [])
    assert (report.events, report.archived) == (3, 3)


def test_file_holds_the_events_with_all_that_their_hashes_cover(acme, chain, archive_folder):
    (done,) = run()
    lines = unpacked(archive_folder / done.header.file)
    header, first = json.loads(lines[0]), json.loads(lines[1])
    assert (header["first_seq"], header["last_seq"]) == (1, 3)
    assert header["chain"] == f"{acme.uid}"
    assert first["uid"] == chain[0].uid.hex
    assert first["hash"] == chain[0].hash
    assert len(lines) == 4


def test_new_events_follow_and_a_second_segment_continues_the_first(acme, chain, note):
    run()
    with time_machine.travel(timezone.now() + dt.timedelta(days=30)):
        note(acme, n=7)
        (done,) = run(before=timezone.now() - dt.timedelta(days=1))
        assert (done.header.first_seq, done.header.last_seq) == (4, 6)
        assert done.header.previous_hash == chain[2].hash
    report = report_of(acme)
    assert (report.faults, report.notes) == ([], [])
    assert (report.events, report.archived) == (2, 6)


def test_archiving_again_does_nothing(acme, chain):
    run()
    assert run() == []
    with time_machine.travel(timezone.now() + dt.timedelta(days=400)):
        (done,) = run(before=timezone.now())
        assert done.header.last_seq == 6
        assert run(before=timezone.now()) == []


def test_chain_without_old_events_is_left_alone(umbrella, note, archive_folder):
    note(umbrella)
    assert run() == []
    assert not archive_folder.exists()


def test_broken_chain_is_not_archived(acme, chain, tampering):
    with tampering():
        AuditEvent.objects.filter(pk=chain[1].pk).update(actor="nobody")
    with pytest.raises(Conflict, match="is broken"):
        run()
    assert AuditEvent.objects.filter(organization=acme).count() == 5
    assert AuditHead.objects.get(organization=acme).archived_seq == 0


def test_crash_before_the_chain_says_so_loses_nothing(acme, chain, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("audit.services.append", lambda *a: (_ for _ in ()).throw(OSError()))
        with pytest.raises(OSError):  # noqa: PT011
            run()
    assert AuditEvent.objects.filter(organization=acme).count() == 5
    assert report_of(acme).faults == []
    assert len(run()) == 1
    assert report_of(acme).faults == []


def test_crash_before_the_rows_are_deleted_is_made_up_for(acme, chain, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("audit.services._remove", lambda key: None)
        run()
    report = report_of(acme)
    assert report.faults == []
    assert "3 archived events are still here" in report.notes[0]
    run()
    assert report_of(acme).notes == []


def tampered(path, change) -> None:
    lines = unpacked(path)
    with gzip.open(path, "wt") as file:
        file.write("\n".join(change(lines)) + "\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [*rows[:2], rows[2].replace("tests", "nobody"), *rows[3:]], "was changed"),
        (lambda rows: [*rows[:2], *rows[3:]], "is missing"),
        (lambda rows: rows[:-1], "ends at 2, not at 3"),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], "is missing"),
        (lambda rows: ["{}", *rows[1:]], "is not a segment"),
        (lambda rows: [*rows[:3], "what", *rows[4:]], "holds a line that is no event"),
    ],
    ids=["edit", "drop", "truncation", "swap", "header", "garbage"],
)
def test_archive_that_was_tampered_with_is_found(acme, chain, archive_folder, change, said):
    (done,) = run()
    tampered(archive_folder / done.header.file, change)
    assert any(said in fault for fault in report_of(acme).faults)


def test_archive_that_is_cut_short_is_found(acme, chain, archive_folder):
    (done,) = run()
    path = archive_folder / done.header.file
    path.write_bytes(path.read_bytes()[:-20])
    assert any("cannot be read" in fault for fault in report_of(acme).faults)


def test_archive_that_was_moved_away_is_said_and_no_fault(acme, chain, archive_folder):
    (done,) = run()
    (archive_folder / done.header.file).unlink()
    assert "the file is not here" in audit_verify()
    assert report_of(acme).faults == []


def test_archive_mark_without_an_event_that_says_so_is_found(acme, chain, tampering):
    with tampering():
        AuditEvent.objects.filter(organization=acme, seq__lte=2)._raw_delete("default")
        AuditHead.objects.filter(organization=acme).update(
            archived_seq=2, archived_hash=chain[1].hash
        )
    assert report_of(acme).faults == ["no event says that those up to 2 were archived"]


def test_kept_head_is_found_in_the_archive(acme, chain, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text(f"Acme: 2 {chain[1].hash}\n")
    run()
    assert "whole" in audit_verify("--expect", f"{kept}")
    kept.write_text(f"Acme: 2 {'a' * 64}\n")
    with pytest.raises(CommandError):
        audit_verify("--expect", f"{kept}")


def test_chain_of_a_deleted_organization_is_archived_too(acme, chain):
    type(acme).objects.filter(pk=acme.pk).delete()
    (done,) = run()
    assert done.header.chain == f"{acme.uid}"
    assert report_of(acme).faults == []


def test_command_names_what_it_wrote(acme, chain, archive_folder):
    out = StringIO()
    call_command("audit_archive", "--before", "2026-02-01", stdout=out)
    assert f"3 events in {acme.uid}/0000000001-0000000003.jsonl.gz" in out.getvalue()
    assert f"3 events archived in {archive_folder}." in out.getvalue()


@pytest.mark.parametrize("before", ["soon", "2026-13-01", "2999-01-01"])
def test_command_refuses_what_is_no_past_date(db, before):
    with pytest.raises(CommandError):
        call_command("audit_archive", "--before", before)


def test_beat_archives_only_when_the_setting_says_so(acme, chain, settings):
    settings.AUDIT_KEEP_DAYS = 0
    archive()
    assert AuditEvent.objects.filter(organization=acme).count() == 5
    settings.AUDIT_KEEP_DAYS = 30
    archive()
    assert AuditHead.objects.get(organization=acme).archived_seq == 3
