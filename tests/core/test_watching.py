"""Which groups of notices somebody listens to."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from core.watching import watch, watched


@pytest.fixture(autouse=True)
def nobody_listens():
    cache.clear()


def test_only_groups_that_somebody_listens_to_are_returned():
    watch(["device.1", "org.a"])
    assert watched(["device.1", "device.2", "org.b"]) == ["device.1"]
    assert watched(["org.a", "build.1"]) == ["org.a"]


def test_thousands_of_a_kind_that_nobody_listens_to_are_not_asked_for(monkeypatch):
    watch(["org.a"])
    asked = []
    ask = cache.get_many
    monkeypatch.setattr(cache, "get_many", lambda keys: asked.append(len(keys)) or ask(keys))
    assert watched([f"device.{n}" for n in range(5000)]) == []
    assert asked == [1]


def test_nothing_to_ask_is_not_asked():
    assert watched([]) == []
