"""Retention: closed segments of chains move into files, and out of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import segments
from audit.chain import Link, follow, links
from audit.events import AuditArchived
from audit.models import AuditEvent, AuditHead
from audit.recorder import append
from audit.verification import ARCHIVED, ChainReport, chains
from core.exceptions import Conflict

DELETED_AT_ONCE = 5000


class _BrokenChain(Exception):
    """The segment is not what it should be; the text says how."""


@dataclass(frozen=True)
class Archived:
    """One segment that was written and removed from the table."""

    name: str
    header: segments.Header
    sha256: str

    @property
    def events(self) -> int:
        """Return how many events it holds."""
        return self.header.last_seq - self.header.first_seq + 1


def audit_archive(actor: Any, *, before: datetime) -> Iterator[Archived]:
    """Move what happened before a moment into the archive, chain by chain; audits each.

    Each segment is checked while it is written, and whole on disk before the chain says so and
    anything is deleted; interrupted at any point, it can simply be run again. Raises Conflict
    (audit.chain_broken) rather than archive a chain that was tampered with.
    """
    for report in chains():
        if report.head is None:
            raise Conflict(
                "audit.chain_broken",
                f"The chain of {report.name} has lost its head. Run audit_verify.",
            )
        done = _archive(actor, report, report.head, before)
        _remove(report.organization_id)
        if done is not None:
            yield done


def _archive(actor: Any, report: ChainReport, head: AuditHead, before: datetime) -> Archived | None:
    """Write one segment, then say so in the chain. Its last event is before the moment."""
    last = _closed(head, before)
    if last is None:
        return None
    header = segments.Header(
        chain=report.chain,
        organization_id=report.organization_id,
        first_seq=head.archived_seq + 1,
        last_seq=last.seq,
        previous_hash=head.archived_hash,
        hash=last.hash,
    )
    try:
        sha256 = segments.write(header, _checked(header))
    except _BrokenChain as error:
        raise Conflict(
            "audit.chain_broken",
            f"The chain of {report.name} is broken ({error}) and is not archived. "
            "Run audit_verify.",
        ) from error
    return _close(actor, report, header, sha256)


@transaction.atomic
def _close(
    actor: Any, report: ChainReport, header: segments.Header, sha256: str
) -> Archived | None:
    """Append the proof and move the start of the chain; None when another process was faster."""
    heads = AuditHead.objects.select_for_update().select_related(None)
    head = heads.get(organization_id=report.organization_id)
    if (head.archived_seq, head.archived_hash) != (header.first_seq - 1, header.previous_hash):
        return None
    proof = {
        "first_seq": header.first_seq,
        "last_seq": header.last_seq,
        "previous_hash": header.previous_hash,
        "hash": header.hash,
        "file": header.file,
        "sha256": sha256,
    }
    # Not `record`: the organization may be gone, its chain is not.
    append(actor, AuditArchived, None, report.organization_id, report.chain, proof)
    AuditHead.objects.filter(pk=head.pk).update(
        archived_seq=header.last_seq, archived_hash=header.hash
    )
    return Archived(report.name, header, sha256)


def _closed(head: AuditHead, before: datetime) -> AuditEvent | None:
    """Return the last event of the closed segment: all up to it happened before the moment."""
    rows = AuditEvent.objects.filter(organization_id=head.organization_id).order_by()
    rows = rows.filter(seq__gt=head.archived_seq)
    open_from = rows.filter(at__gte=before).order_by("seq").first()
    if open_from is not None:
        rows = rows.filter(seq__lt=open_from.seq)
    if not rows.exclude(verb=ARCHIVED).exists():
        return None  # nothing but the proof of the last time
    return rows.order_by("-seq").first()


def _checked(header: segments.Header) -> Iterator[Link]:
    seq = header.first_seq - 1
    for link, faults in follow(
        links(header.organization_id, after=seq, until=header.last_seq),
        header.chain,
        header.organization_id,
        seq=seq,
        previous=header.previous_hash,
    ):
        if faults:
            raise _BrokenChain(faults[0])
        yield link


def _remove(organization_id: int | None) -> None:
    """Delete what the chain says is archived, some at a time; also what a crash left behind."""
    head = AuditHead.objects.get(organization_id=organization_id)
    rows = AuditEvent.objects.filter(organization_id=organization_id, seq__lte=head.archived_seq)
    while ids := list(rows.order_by("seq").values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        AuditEvent.objects.filter(pk__in=ids)._raw_delete("default")
