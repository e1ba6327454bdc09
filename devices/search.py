"""Finding devices by a piece of text without reading every one of them.

`devices_search` holds one row of text for each device, indexed by trigrams: a virtual table of FTS5
on SQLite, on PostgreSQL a table with a GIN index of pg_trgm. Triggers keep it, so that whoever
writes a device keeps it too. After each `migrate` what is missing is put (back) in place and
filled: migrations of devices run without it, and an extension may be permitted later (PostgreSQL).
"""

# The statements are made of constants of this file.
# ruff: noqa: S608, S611
from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DatabaseError, connections, transaction
from django.db.models import F, Func, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_migrate, pre_migrate

from devices.models import Device

logger = logging.getLogger(__name__)
Rows = TypeVar("Rows", bound=QuerySet[Any])

TABLE, DEVICES = "devices_search", Device._meta.db_table
COLUMNS = "alias, mac, tags, category"
# Fewer characters have no trigram.
SHORTEST = 3
# A text that more devices have is so common that reading them in the order of the list soon fills a
# page; finding them all by the index first would take longer (100,000 devices, SQLite: 1 ms against
# 66 ms). One that fewer have is found by the index alone: reading every device took 230 ms.
MANY = 20_000
PLAIN = ("alias", "mac", "category")

_MAC = "{row}.mac || ' ' || replace({row}.mac, ':', '')"
_SQLITE_UID = (
    "substr({row}.uid, 1, 8) || '-' || substr({row}.uid, 9, 4) || '-' || substr({row}.uid, 13, 4)"
    " || '-' || substr({row}.uid, 17, 4) || '-' || substr({row}.uid, 21)"
)
_SQLITE_TEXT = f"{{row}}.alias || ' ' || {_MAC} || ' ' || {_SQLITE_UID}"
_SQLITE_TEXT += " || ' ' || {row}.tags || ' ' || {row}.category"
_SQLITE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(text, tokenize = 'trigram')",
    f"CREATE TRIGGER devices_search_added AFTER INSERT ON devices_device BEGIN "
    f"INSERT INTO {TABLE} (rowid, text) VALUES (NEW.id, {_SQLITE_TEXT.format(row='NEW')}); END",
    f"CREATE TRIGGER devices_search_changed AFTER UPDATE OF {COLUMNS} ON devices_device BEGIN "
    f"UPDATE {TABLE} SET text = {_SQLITE_TEXT.format(row='NEW')} WHERE rowid = NEW.id; END",
    f"CREATE TRIGGER devices_search_gone AFTER DELETE ON devices_device BEGIN "
    f"DELETE FROM {TABLE} WHERE rowid = OLD.id; END",
    f"INSERT INTO {TABLE} (rowid, text) "
    f"SELECT d.id, {_SQLITE_TEXT.format(row='d')} FROM devices_device d",
)
_POSTGRES_TEXT = f"upper({{row}}.alias || ' ' || {_MAC} || ' ' || {{row}}.uid::text"
_POSTGRES_TEXT += " || ' ' || {row}.tags::text || ' ' || {row}.category)"
_POSTGRES = (
    f"CREATE TABLE {TABLE} (device_id bigint PRIMARY KEY, text text NOT NULL)",
    f"""CREATE OR REPLACE FUNCTION devices_search_keep() RETURNS trigger AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM {TABLE} WHERE device_id = OLD.id;
    ELSE
        INSERT INTO {TABLE} (device_id, text) VALUES (NEW.id, {_POSTGRES_TEXT.format(row="NEW")})
        ON CONFLICT (device_id) DO UPDATE SET text = EXCLUDED.text;
    END IF;
    RETURN NULL; END $$ LANGUAGE plpgsql""",
    f"CREATE TRIGGER devices_search_kept AFTER INSERT OR DELETE OR UPDATE OF {COLUMNS} "
    "ON devices_device FOR EACH ROW EXECUTE FUNCTION devices_search_keep()",
    f"INSERT INTO {TABLE} (device_id, text) "
    f"SELECT d.id, {_POSTGRES_TEXT.format(row='d')} FROM devices_device d",
)
_TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX IF NOT EXISTS devices_search_trigrams ON {TABLE} USING gin (text gin_trgm_ops)",
)
_TRIGGERS = {
    "sqlite": ("devices_search_added", "devices_search_changed", "devices_search_gone"),
    "postgresql": ("devices_search_kept",),
}
_TRIGGER_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger",
}


class _Text(Func):
    """The row of text of the device whose key this is given."""

    template = f"(SELECT text FROM {TABLE} WHERE {{key}} = %(expressions)s)"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, db: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, db, template=self.template.format(key="rowid"), **extra)

    def as_postgresql(self, compiler: Any, db: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, db, template=self.template.format(key="device_id"), **extra)


def matching(rows: Rows, text: str) -> Rows:
    """Narrow devices to those with the text in their name, ids, tags or category, in any case."""
    text = text.strip().replace("\0", "")
    if not text:
        return rows
    if not _is_installed(rows.db):
        return rows.filter(_by_columns(text))
    if len(text) < SHORTEST or _is_common(text, rows.db):
        return rows.alias(search_text=_Text(F("pk"))).filter(search_text__icontains=text)
    return rows.filter(pk__in=RawSQL(*lookup(text, connections[rows.db].vendor)))


def lookup(text: str, vendor: str) -> tuple[str, list[str]]:
    """Return the statement that finds the keys of all devices with the text, by its trigrams."""
    if vendor == "sqlite":
        phrase = '"{}"'.format(text.replace('"', '""'))
        return f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s", [phrase]
    escaped = text.upper().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"SELECT device_id FROM {TABLE} WHERE text LIKE %s", [f"%{escaped}%"]


def lift(using: str, plan: Any = (), **_: Any) -> None:
    """Take it away before migrations of devices: triggers stand in the way of changed columns."""
    if any(migration.app_label == "devices" for migration, _backwards in plan or ()):
        _is_installed.cache_clear()
        remove_from(connections[using])


def install(using: str = "default", **_: Any) -> None:
    """Put in place and fill what is missing. What the database does not permit is logged."""
    connection = connections[using]
    _is_installed.cache_clear()
    if DEVICES not in connection.introspection.table_names():
        return
    if not _is_whole(connection):
        remove_from(connection)
        _run(connection, _SQLITE if connection.vendor == "sqlite" else _POSTGRES)
    if connection.vendor == "postgresql":
        _run(connection, _TRIGRAMS)


def connect(sender: Any) -> None:
    """Listen to the migrations of the devices app."""
    pre_migrate.connect(lift, sender=sender, dispatch_uid="devices.search.lift")
    post_migrate.connect(install, sender=sender, dispatch_uid="devices.search.install")


def remove_from(connection: Any) -> None:
    """Drop the triggers and the table, as far as they are there."""
    on = f" ON {DEVICES}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        has_devices = DEVICES in connection.introspection.table_names(cursor)
        for name in _TRIGGERS[connection.vendor] if has_devices else ():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def _is_common(text: str, using: str) -> bool:
    statement, values = lookup(text, connections[using].vendor)
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({statement} LIMIT {MANY + 1}) found", values)
        return cursor.fetchone()[0] > MANY


def _by_columns(text: str) -> Q:
    rule = Q(uid__icontains=text) if _may_be_uid(text) else Q()
    for name in PLAIN:
        rule |= Q(**{f"{name}__icontains": text})
    return rule


def _may_be_uid(text: str) -> bool:
    return all(sign in "0123456789abcdefABCDEF-" for sign in text)


@lru_cache(maxsize=4)
def _is_installed(using: str) -> bool:
    return _is_whole(connections[using])


def _is_whole(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGER_NAMES[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
        tables = connection.introspection.table_names(cursor)
    return TABLE in tables and there.issuperset(_TRIGGERS[connection.vendor])


def _run(connection: Any, statements: tuple[str, ...]) -> None:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        logger.warning(
            "searching devices by text stays slow: %s. PostgreSQL: have its administrator run "
            "CREATE EXTENSION pg_trgm in this database, then run manage.py migrate again.",
            error,
        )
