"""The database's own part: events are final, and heads only grow.

Installed by migration 0003, and again after `migrate` when a rebuilt table lost them (SQLite).
A later migration that rebuilds one of the two tables begins with `RunPython(remove)`.
What they refuse reads as IntegrityError. A deliberate door: events up to the `archived_seq` of
their chain may be deleted, and that number is only raised over an event that has this number and
hash, once the chain says in an `audit.archived` event where it went.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

EVENTS, HEADS = "audit_auditevent", "audit_audithead"
FINAL = "audit events are final: none may be changed"
STAYS = "audit events stay: only archived ones may be deleted"
IN_ORDER = "audit events are only added at the end of their chain"
GROWS = "the head of an audit chain only grows, onto events that are there"
HEAD_STAYS = "the head of an audit chain stays"

_HEAD_WRONG = """
    NEW.chain <> OLD.chain
    OR NEW.seq < OLD.seq
    OR NEW.seq > OLD.seq + 1
    OR NEW.archived_seq < OLD.archived_seq
    OR NEW.archived_seq >= NEW.seq AND NEW.archived_seq > 0
    OR NEW.seq = OLD.seq AND NEW.hash <> OLD.hash
    OR NEW.archived_seq = OLD.archived_seq AND NEW.archived_hash <> OLD.archived_hash
    OR NEW.seq > OLD.seq AND NOT EXISTS (
        SELECT 1 FROM audit_auditevent e
        WHERE {same} AND e.seq = NEW.seq AND e.hash = NEW.hash)
    OR NEW.archived_seq > OLD.archived_seq AND (
        NOT EXISTS (
            SELECT 1 FROM audit_auditevent e
            WHERE {same} AND e.seq = NEW.archived_seq AND e.hash = NEW.archived_hash)
        OR NOT EXISTS (
            SELECT 1 FROM audit_auditevent e
            WHERE {same} AND e.seq = NEW.seq AND e.verb = 'audit.archived'))
"""
_SQLITE_WRONG = "NEW.organization_id IS NOT OLD.organization_id OR " + _HEAD_WRONG.format(
    same="e.organization_id IS NEW.organization_id"
)
_SQLITE = {
    "audit_event_final": (EVENTS, "UPDATE", "1", FINAL),
    "audit_event_stays": (
        EVENTS,
        "DELETE",
        "NOT EXISTS (SELECT 1 FROM audit_audithead h WHERE h.organization_id IS "
        "OLD.organization_id AND h.archived_seq >= OLD.seq)",
        STAYS,
    ),
    "audit_event_in_order": (
        EVENTS,
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM audit_audithead h WHERE h.organization_id IS "
        "NEW.organization_id AND h.seq + 1 = NEW.seq AND h.hash = NEW.previous_hash)",
        IN_ORDER,
    ),
    "audit_head_grows": (HEADS, "UPDATE", _SQLITE_WRONG, GROWS),
    "audit_head_stays": (HEADS, "DELETE", "1", HEAD_STAYS),
}
# `=` finds the row by its index, which IS NOT DISTINCT FROM does not.
_SAME = (
    "(e.organization_id = NEW.organization_id"
    " OR NEW.organization_id IS NULL AND e.organization_id IS NULL)"
)
_POSTGRES_WRONG = (
    "NEW.organization_id IS DISTINCT FROM OLD.organization_id OR " + _HEAD_WRONG.format(same=_SAME)
)
_HEAD_OF = (
    "NOT EXISTS (SELECT 1 FROM audit_audithead e WHERE (e.organization_id = {row}.organization_id"
    " OR {row}.organization_id IS NULL AND e.organization_id IS NULL) AND {rule})"
)
_POSTGRES = {
    "audit_event_final": (EVENTS, "UPDATE", "true", FINAL),
    "audit_event_stays": (
        EVENTS,
        "DELETE",
        _HEAD_OF.format(row="OLD", rule="e.archived_seq >= OLD.seq"),
        STAYS,
    ),
    "audit_event_in_order": (
        EVENTS,
        "INSERT",
        _HEAD_OF.format(row="NEW", rule="e.seq + 1 = NEW.seq AND e.hash = NEW.previous_hash"),
        IN_ORDER,
    ),
    "audit_event_truncate": (EVENTS, "TRUNCATE", "true", STAYS),
    "audit_head_grows": (HEADS, "UPDATE", _POSTGRES_WRONG, GROWS),
    "audit_head_stays": (HEADS, "DELETE", "true", HEAD_STAYS),
    "audit_head_truncate": (HEADS, "TRUNCATE", "true", HEAD_STAYS),
}


def install(connection: Any) -> None:
    """Create every trigger anew."""
    remove(connection)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in _creating(connection.vendor):
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop every trigger; the tables must be there."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for name, (table, *_) in _of(connection.vendor).items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: Any) -> list[str]:
    """Return the names of triggers that are not there, or are switched off."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = {name for (name,) in cursor.fetchall()}
    return sorted(_of(connection.vendor).keys() - found)


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Do without the triggers for a while: rebuilding tables, emptying the database of a test."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _of(vendor: str) -> dict[str, tuple[str, str, str, str]]:
    return {"sqlite": _SQLITE, "postgresql": _POSTGRES}[vendor]


def _creating(vendor: str) -> Iterator[str]:
    for name, (table, event, rule, words) in _of(vendor).items():
        if vendor == "sqlite":
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {rule} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
            continue
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        passed = "OLD" if event == "DELETE" else "NEW"
        passed = "NULL" if event == "TRUNCATE" else passed
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$ "
            f"BEGIN IF {rule} THEN RAISE EXCEPTION '{words}' USING ERRCODE = '23000'; END IF; "
            f"RETURN {passed}; END $body$"
        )
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {name}()"
        )
