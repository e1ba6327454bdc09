"""What a hash covers: the canonical form of an event, from a row or straight from SQL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection

from audit.fields import canonical
from audit.models import INSTALLATION, AuditEvent, AuditHead

FORMAT = 2
BATCH = 5000


class Link(NamedTuple):
    """One event as text: what SQL hands out and an archived line holds.

    Ids are bare hex, empty when there is none; `data` is JSON in its canonical form.
    """

    format: int
    seq: int
    uid: str
    at: str
    verb: str
    actor: str
    actor_uid: str
    credential: str
    address: str
    request_id: str
    target_type: str
    target_uid: str
    target_label: str
    data: str
    previous_hash: str
    hash: str


def link_of(row: AuditEvent) -> Link:
    """Return an event that the ORM loaded, or is about to save, as a link."""
    return Link(
        row.format,
        row.seq,
        row.uid.hex,
        row.at.isoformat(timespec="microseconds"),
        row.verb,
        row.actor,
        row.actor_uid.hex if row.actor_uid else "",
        row.credential,
        row.address,
        row.request_id,
        row.target_type,
        row.target_uid.hex if row.target_uid else "",
        row.target_label,
        canonical(row.data),
        row.previous_hash,
        row.hash,
    )


def link_hash(link: Link, chain: str, organization_id: int | None) -> str:
    """Return the SHA-256 of the previous hash and everything that the event says.

    Format 2 is the fields in their order with a NUL between each two: text cannot hold one, so no
    two events read alike. It names the chain, so that an export or an archive can be checked
    anywhere. Format 1 is JSON, names the organization by its key and has no credential.
    """
    if link.format < FORMAT:
        return _first_hash(link, organization_id)
    said = "\0".join((link[14], chain, f"{link[0]}", f"{link[1]}", *link[2:14]))
    return hashlib.sha256(said.encode()).hexdigest()


def event_hash(row: AuditEvent) -> str:
    """Return what the hash of an event must be."""
    return link_hash(link_of(row), chain_of(row), row.organization_id)


def chain_of(row: AuditEvent) -> str:
    """Return the name of the chain that an event belongs to."""
    if row.organization_id is None:
        return INSTALLATION
    organizations: Any = AuditEvent._meta.get_field("organization").related_model
    uids = organizations._base_manager.filter(pk=row.organization_id).values_list("uid", flat=True)
    if (uid := uids.first()) is not None:
        return f"{uid}"
    head = AuditHead.objects.filter(organization_id=row.organization_id).first()
    return head.chain if head is not None else ""


def links(organization_id: int | None, after: int = 0, until: int | None = None) -> Iterator[Link]:
    """Read one chain in its order with constant memory, past the ORM, which is ten times slower."""
    where = "organization_id IS NULL" if organization_id is None else "organization_id = %s"
    given: list[Any] = [] if organization_id is None else [organization_id]
    where, given = f"{where} AND seq > %s", [*given, after]
    if until is not None:
        where, given = f"{where} AND seq <= %s", [*given, until]
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    special = _COLUMNS[connection.vendor]
    names = ", ".join(special.get(n, name) for n, name in enumerate(_PLAIN))
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {table} WHERE {where} ORDER BY seq", given)  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield from map(Link._make, rows)


def follow(
    found: Iterator[Link], chain: str, organization_id: int | None, *, seq: int, previous: str
) -> Iterator[tuple[Link, list[str]]]:
    """Yield each link with its faults; `seq` and `previous` are of the event before the first."""
    for link in found:
        faults = []
        if link.seq != seq + 1:
            faults.append(_gap(seq, link.seq))
        elif link.previous_hash != previous:
            faults.append(f"event {link.seq} does not follow its predecessor")
        if link_hash(link, chain, organization_id) != link.hash:
            faults.append(f"event {link.seq} was changed")
        yield link, faults
        seq, previous = link.seq, link.hash


def _gap(seq: int, found: int) -> str:
    if found <= seq:
        return f"event {found} is there twice"
    one = found == seq + 2
    return f"event {seq + 1} is missing" if one else f"events {seq + 1} to {found - 1} are missing"


def _first_hash(link: Link, organization_id: int | None) -> str:
    said = {
        "uid": _dashed(link.uid),
        "seq": f"{link.seq}",
        "verb": link.verb,
        "actor": link.actor,
        "actor_uid": _dashed(link.actor_uid),
        "address": link.address,
        "request_id": link.request_id,
        "target_type": link.target_type,
        "target_uid": _dashed(link.target_uid),
        "target_label": link.target_label,
        "organization": organization_id,
        "at": link.at,
        "data": json.loads(link.data),
    }
    return hashlib.sha256(f"{link.previous_hash}{canonical(said)}".encode()).hexdigest()


def _dashed(text: str) -> str:
    if not text:
        return ""
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _hex(column: str) -> str:
    return f"coalesce(replace({column}::text, '-', ''), '')"


_PLAIN = [
    *("format", "seq", "uid", "at", "verb", "actor", "coalesce(actor_uid, '')", "credential"),
    *("address", "request_id", "target_type", "coalesce(target_uid, '')", "target_label"),
    *("data", "previous_hash", "hash"),
]
_AT = {
    # "2026-11-22 01:35:22.123456", without the fraction when it is none.
    "sqlite": "substr(at, 1, 10) || 'T' || substr(at, 12) || "
    "CASE WHEN length(at) = 19 THEN '.000000+00:00' ELSE '+00:00' END",
    "postgresql": """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
}
_IDS = {2: _hex("uid"), 6: _hex("actor_uid"), 11: _hex("target_uid")}
_COLUMNS = {
    "sqlite": {3: _AT["sqlite"]},
    "postgresql": {3: _AT["postgresql"], **_IDS},
}
