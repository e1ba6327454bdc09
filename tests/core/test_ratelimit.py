"""Counting failures: per subject, for a window, and never in the way when the cache is away."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisAway

from core import ratelimit
from core.ratelimit import RateLimit

LIMIT = RateLimit("test", 3, 60)


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def fail(times: int, subject: str = "a") -> None:
    for _ in range(times):
        LIMIT.failed(subject)


def test_subject_waits_from_the_limit_on():
    fail(2)
    assert LIMIT.retry_after("a") == 0
    fail(1)
    assert 59 <= LIMIT.retry_after("a") <= 60
    assert LIMIT.retry_after("b") == 0


def test_window_starts_at_the_first_failure():
    with time_machine.travel(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), tick=False) as clock:
        fail(1)
        clock.shift(40)
        fail(2)
        assert LIMIT.retry_after("a") == 20
        clock.shift(21)
        assert LIMIT.retry_after("a") == 0


def test_forgotten_subject_starts_again():
    fail(3)
    LIMIT.forget("a")
    assert LIMIT.retry_after("a") == 0


def test_subject_is_not_readable_in_the_cache_key():
    assert "olga@example.org" not in LIMIT._key("olga@example.org")


class _Away:
    def __getattr__(self, name):
        def away(*args, **kwargs):
            raise RedisAway("away")

        return away


def test_lost_cache_limits_nothing_and_breaks_nothing(monkeypatch, caplog):
    monkeypatch.setattr(ratelimit, "cache", _Away())
    fail(5)
    LIMIT.forget("a")
    assert LIMIT.retry_after("a") == 0
    assert "cache away" in caplog.text
