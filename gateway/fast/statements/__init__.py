"""The statement that stores ordinary check-ins and says which ones were ordinary.

One for each database; `tests/gateway/fast` holds both to what the services do. `ordinary` is what
they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from gateway.fast.calls import Call
from gateway.fast.statements import postgresql, sqlite
from gateway.fast.statements.ordinary import Stored

__all__ = ["Stored", "keep_plans", "store"]


def store(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    """Store what is ordinary, in one transaction; return those by their place in `calls`.

    No two calls may be of the same device. Never inside of a transaction: what is returned is
    committed.
    """
    here = postgresql if connection.vendor == "postgresql" else sqlite
    return here.store(calls, now)


def keep_plans() -> None:
    """Have the statement planned once for this thread's connection, which does only this."""
    if connection.vendor == "postgresql":
        postgresql.keep_plans()
