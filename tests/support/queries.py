"""Counting the queries of a page."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries_of(client, url: str) -> int:
    """Return how many queries one GET costs."""
    with CaptureQueriesContext(connection) as context:
        assert client.get(url).status_code == 200
    return len(context)


def everything_in_redis(url: str) -> str:
    """Return every key of a Redis database with what it holds."""
    import redis

    found = []
    with redis.Redis.from_url(url) as server:
        for name in server.scan_iter():
            found.append(f"{name!r} {server.dump(name)!r}")
    return "\n".join(found)
