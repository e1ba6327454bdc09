"""The audit log as files that can be checked without this console."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from audit.chain import link_of
from audit.events import AuditExported
from audit.fields import canonical
from audit.models import INSTALLATION, AuditEvent, AuditHead
from audit.recorder import record
from audit.segments import as_json

# Past this many chains at once the export is noted where its maker is at home.
MOST_CHAINS = 20
CHUNK = 1000


def note_export(
    actor: Any, heads: Iterable[AuditHead], home: Any, *, kind: str, query: str
) -> None:
    """Audit that somebody took a copy away, in each chain that it is of."""
    of = [head.organization for head in heads]
    for organization in of if 0 < len(of) <= MOST_CHAINS else [home]:
        record(actor, AuditExported, None, organization=organization, kind=kind, filters=query)


def json_export(rows: Any, heads: Iterable[AuditHead]) -> Iterator[str]:
    """Yield one JSON document: the chain heads, then the events with all that is hashed.

    Each event can be hashed again from its fields (docs/audit.md); whole chains can be followed.
    """
    heads = list(heads)
    chains = {head.organization_id: head.chain for head in heads}
    yield f'{{"exported_at":"{timezone.now().isoformat(timespec="seconds")}",\n"chains":[\n'
    yield ",\n".join(_head(head) for head in heads)
    yield '\n],\n"events":[\n'
    for number, row in enumerate(rows.iterator(chunk_size=CHUNK)):
        yield f"{',' if number else ''}{_event(row, chains)}\n"
    yield "]}\n"


def _head(head: AuditHead) -> str:
    said = {"chain": head.chain, "organization": _name(head)}
    archived = {"archived_seq": head.archived_seq, "archived_hash": head.archived_hash}
    # Number and hash side by side: `audit_verify --expect` finds them in the file.
    end = f'"seq":{head.seq},"hash":"{head.hash}"'
    return f"{canonical(said)[:-1]},{canonical(archived)[1:-1]},{end}}}"


def _name(head: AuditHead) -> str:
    return f"{head.organization}" if head.organization is not None else INSTALLATION


def _event(row: AuditEvent, chains: dict[int | None, str]) -> str:
    chain = f"{row.organization.uid}" if row.organization is not None else ""
    chain = chain or chains.get(row.organization_id, INSTALLATION)
    return f'{{"chain":"{chain}",{as_json(link_of(row))[1:]}'
