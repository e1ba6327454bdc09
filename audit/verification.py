"""Whether every chain is whole: edits, drops, swaps, truncation, and what the archive says."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit import segments
from audit.chain import Link, follow, links
from audit.models import GENESIS, INSTALLATION, AuditEvent, AuditHead

ARCHIVED = "audit.archived"
MOST_FAULTS = 20
_ANCHOR = re.compile(r"\b(\d{1,18})(?:\W|hash){1,16}([0-9a-f]{64})\b")


@dataclass
class ChainReport:
    """What one chain came to. `proofs` are the segments that its events say were archived;
    events up to `unread` are in files that are not here.
    """

    organization_id: int | None
    chain: str
    name: str
    head: AuditHead | None
    events: int = 0
    archived: int = 0
    unread: int = 0
    last: Link | None = None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)
    newest_proof: dict[str, Any] | None = None

    def fault(self, sentence: str) -> None:
        """Keep a sentence, and no more than anybody reads."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)
        elif len(self.faults) == MOST_FAULTS:
            self.faults.append("and more")


@dataclass(frozen=True)
class Anchor:
    """A head that was kept elsewhere: this number had this hash."""

    seq: int
    hash: str


def read_anchors(text: str) -> set[Anchor]:
    """Return every head in a text: printed ones, the last lines of an export, a log."""
    return {Anchor(int(seq), said) for seq, said in _ANCHOR.findall(text)}


def chains() -> list[ChainReport]:
    """Return every chain to look at; one that lost its head is found by its events."""
    heads = {
        head.organization_id: head for head in AuditHead.objects.select_related("organization")
    }
    keys = {key for key, head in heads.items() if head.seq}
    keys |= set(AuditEvent.objects.order_by().values_list("organization_id", flat=True).distinct())
    ordered = sorted(keys, key=lambda key: (key is not None, key))
    return [_report(key, heads.get(key)) for key in ordered]


def verify(report: ChainReport, anchors: set[Anchor]) -> ChainReport:
    """Follow one chain through the archive and the table; strike out the anchors it holds."""
    head = report.head
    seq, previous = (head.archived_seq, head.archived_hash) if head is not None else (0, GENESIS)
    _strike(anchors, Anchor(seq, previous))
    found = follow(
        links(report.organization_id, after=seq),
        report.chain,
        report.organization_id,
        seq=seq,
        previous=previous,
    )
    wanted = {anchor.hash for anchor in anchors}
    for link, faults in found:
        report.events += 1
        for sentence in faults:
            report.fault(sentence)
        if link.hash in wanted:
            _strike(anchors, Anchor(link.seq, link.hash))
        if link.verb == ARCHIVED:
            _keep_proof(report, link)
        report.last = link
    _check_end(report, seq, previous)
    _check_archive(report, anchors)
    return report


def chain_faults(organization_id: int | None) -> list[str]:
    """Return a sentence for each fault of one chain."""
    for report in chains():
        if report.organization_id == organization_id:
            return verify(report, set()).faults
    return []


def _report(key: int | None, head: AuditHead | None) -> ChainReport:
    organization = head.organization if head is not None and key is not None else None
    if key is None:
        return ChainReport(key, INSTALLATION, INSTALLATION, head)
    if organization is None:
        event = AuditEvent.objects.filter(organization_id=key).select_related("organization")
        first = event.order_by("seq").first()
        organization = first.organization if first is not None else None
    if organization is not None:
        chain = f"{organization.uid}"
        report = ChainReport(key, chain, organization.name, head)
        if head is not None and head.chain != chain:
            report.fault("the chain bears the name of another organization")
        return report
    chain = head.chain if head is not None else ""
    return ChainReport(key, chain, f"organization {chain or 'that is gone'}", head)


def _check_end(report: ChainReport, seq: int, previous: str) -> None:
    end = (report.last.seq, report.last.hash) if report.last is not None else (seq, previous)
    head = report.head
    if head is None:
        report.fault("the chain has lost its head")
    elif (head.seq, head.hash) != end:
        report.fault(f"the chain ends at {end[0]}, its head says {head.seq}")


def _keep_proof(report: ChainReport, link: Link) -> None:
    report.newest_proof = json.loads(link.data)
    report.proofs[f"{report.newest_proof.get('file', '')}"] = report.newest_proof


def _check_archive(report: ChainReport, anchors: set[Anchor]) -> None:
    head = report.head
    if head is None or not head.archived_seq:
        return
    proof = report.newest_proof or {}
    if (proof.get("last_seq"), proof.get("hash")) != (head.archived_seq, head.archived_hash):
        report.fault(f"no event says that those up to {head.archived_seq} were archived")
        return
    _read_segments(report, head, anchors)
    left = AuditEvent.objects.filter(
        organization_id=report.organization_id, seq__lte=head.archived_seq
    ).count()
    if left:
        report.notes.append(f"{left} archived events are still here; archive again to remove them")


def _read_segments(report: ChainReport, head: AuditHead, anchors: set[Anchor]) -> None:
    """Follow the segments backwards: each newer one holds, or is, the proof of the one before."""
    until, previous = head.archived_seq, head.archived_hash
    by_end = {_last_seq(path): path for path in segments.files(report.chain)}
    while until:
        path = by_end.get(until)
        if path is None:
            report.notes.append(f"events up to {until} are archived; the file is not here")
            report.unread = until
            return
        try:
            header = _read_segment(report, path, until, previous, anchors)
        except segments.SegmentError as error:
            report.fault(f"{error}")
            return
        if header is None:
            return
        until, previous = header.first_seq - 1, header.previous_hash
    if previous != GENESIS:
        report.fault("the oldest archived event follows something that is not there")


def _read_segment(
    report: ChainReport, path: Path, until: int, previous: str, anchors: set[Anchor]
) -> segments.Header | None:
    header, found = segments.read(path)
    if (header.chain, header.last_seq, header.hash) != (report.chain, until, previous):
        report.fault(f"{path.name} is not the segment that the chain continues from")
        return None
    wanted = {anchor.hash for anchor in anchors}
    end = header.first_seq - 1, header.previous_hash
    for link, faults in follow(
        found, report.chain, header.organization_id, seq=end[0], previous=end[1]
    ):
        report.archived += 1
        for sentence in faults:
            report.fault(f"{path.name}: {sentence}")
        if link.hash in wanted:
            _strike(anchors, Anchor(link.seq, link.hash))
        if link.verb == ARCHIVED:
            proof = json.loads(link.data)
            report.proofs.setdefault(f"{proof.get('file', '')}", proof)
        end = link.seq, link.hash
    if end != (until, previous):
        report.fault(f"{path.name} ends at {end[0]}, not at {until}")
    proof = report.proofs.get(header.file, {})
    if not hmac.compare_digest(f"{proof.get('sha256', '')}", segments.digest(path)):
        report.notes.append(f"{path.name} was packed anew; its events are whole")
    return header


def _last_seq(path: Path) -> int:
    digits = path.name.split(".", 1)[0].rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def _strike(anchors: set[Anchor], anchor: Anchor) -> None:
    anchors.discard(anchor)


def unmet(anchors: Iterable[Anchor], *, unread: int = 0) -> Iterator[str]:
    """Yield a sentence for each kept head that no chain holds, unless it may be in a file afar."""
    for anchor in sorted(anchors, key=lambda one: (one.seq, one.hash)):
        if anchor.seq > unread:
            yield (
                f"no chain holds event {anchor.seq} with the hash {anchor.hash[:16]}…, as it once "
                "did: events were removed or rewritten"
            )
