"""Turns the URLs of services into what Django wants to hear."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit


def database_from_url(url: str) -> dict[str, Any]:
    """Return the DATABASES entry of a sqlite:/// or postgres:// URL.

    Raises ValueError for any other scheme. A PostgreSQL socket folder goes into `?host=/folder`.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(parts.path[1:] if parts.path.startswith("//") else parts.path)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"THINX_DATABASE_URL has the unknown scheme {parts.scheme!r}")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": f"{parts.port or ''}",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 12, "timeout": 10}, **query},
    }


def _sqlite(path: str) -> dict[str, Any]:
    # IMMEDIATE: a deferred transaction that turns from reading to writing fails at once when
    # another process writes, whatever the timeout says. A checkpoint every 32 MB instead of 4:
    # check-ins change the same pages again and again, and half as much is written.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-20000;"
                "PRAGMA wal_autocheckpoint=8000;"
            ),
        },
    }


def without_driver_of_others(databases: Iterable[dict[str, Any]]) -> None:
    """Have libraries believe that there is no PostgreSQL, where no database is one.

    django-tables2 and the REST framework load its field types, and psycopg with them, whenever
    they can: 9 MB in each process. With None in `sys.modules` the import raises ImportError,
    which both expect.
    """
    if not any(entry["ENGINE"].endswith("postgresql") for entry in databases):
        sys.modules.setdefault("django.contrib.postgres.fields", None)  # type: ignore[arg-type]


def cache_from_url(redis_url: str) -> dict[str, Any]:
    """Return the CACHES entry on the same Redis as the broker, in a key space of its own."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "thinx",
    }


def without_credentials(url: str) -> str:
    """Return the URL as anybody may see it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
