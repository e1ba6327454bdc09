"""Live notices leave by the loop that serves requests, and nobody waits for them."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisAway

from core import telling
from core.jobs import tell_groups
from core.telling import Teller
from tests.support.asgi import turns_until


class Layer:
    """Takes notices, when it is there."""

    def __init__(self):
        self.told, self.is_away = [], False

    async def group_send(self, group, message):
        await asyncio.sleep(0)
        if self.is_away:
            raise RedisAway
        self.told.append((group, message))


@pytest.fixture
def layer(monkeypatch):
    layer = Layer()
    for module in ("core.telling", "core.jobs"):
        monkeypatch.setattr(f"{module}.get_channel_layer", lambda: layer)
    return layer


@pytest.fixture
def teller(monkeypatch):
    teller = Teller()
    monkeypatch.setattr("core.jobs.teller", teller)
    return teller


def changed(group, uid="1"):
    return group, {"type": "object.changed", "group": group, "model": "m", "uid": uid}


async def test_threads_tell_in_order_without_waiting(layer, teller):
    teller.use_this_loop()
    told = [("log.1", {"type": "log.line", "seq": n}) for n in range(50)]
    for notice in told:
        await asyncio.to_thread(tell_groups, [notice])
    await turns_until(lambda: len(layer.told) == 50)
    assert layer.told == told


async def test_one_change_told_many_times_waits_once(layer, teller):
    teller.use_this_loop()
    line = ("log.1", {"type": "log.line"})
    tell_groups([changed("org.1"), changed("org.1"), line, line, changed("org.1", "2")])
    tell_groups([changed("org.1")])
    await turns_until(lambda: len(layer.told) == 4)
    assert layer.told == [changed("org.1"), line, line, changed("org.1", "2")]
    tell_groups([changed("org.1")])
    await turns_until(lambda: len(layer.told) == 5)


async def test_lost_channel_layer_loses_only_what_it_was_told(layer, teller):
    teller.use_this_loop()
    layer.is_away = True
    tell_groups([changed("org.1")])
    await turns_until(lambda: not teller._waiting and teller._sending.done())
    layer.is_away = False
    tell_groups([changed("org.2")])
    await turns_until(lambda: layer.told == [changed("org.2")])


async def test_no_more_wait_than_there_is_room_for(layer, teller, monkeypatch):
    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    teller.use_this_loop()
    tell_groups([changed(f"org.{n}") for n in range(9)])
    await turns_until(lambda: len(layer.told) == 3)


def test_where_no_loop_serves_it_is_told_at_once(layer, teller):
    tell_groups([changed("org.1")])
    assert layer.told == [changed("org.1")]


def test_loop_that_has_ended_is_not_told(layer, teller):
    async def serve():
        teller.use_this_loop()

    asyncio.run(serve())
    tell_groups([changed("org.1")])
    assert layer.told == [changed("org.1")]
