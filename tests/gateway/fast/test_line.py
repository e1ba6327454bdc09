"""What devices ask of the services goes in turn, until the answer begins to leave."""

from __future__ import annotations

import asyncio

import pytest

from gateway.fast.app import FastCheckIns
from gateway.fast.line import Line
from tests.support.asgi import Call, turns, turns_until

PATHS = ["/device/firmware", "/device/addpush"]


class Firmware:
    """Stands where Django does: finds the firmware when it may, sends all of it when it may."""

    def __init__(self):
        self.may_find, self.may_end = asyncio.Event(), asyncio.Event()
        self.looking = self.most = self.asked = 0

    async def __call__(self, scope, receive, send):
        self.asked += 1
        self.looking += 1
        self.most = max(self.most, self.looking)
        await self.may_find.wait()
        self.looking -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()
        await send({"type": "http.response.body", "body": b"firmware"})


@pytest.fixture
def inner():
    return Firmware()


@pytest.fixture
def app(inner):
    app = FastCheckIns(inner)
    yield app
    app.writer.close()


def asking(app, path) -> asyncio.Future[int]:
    return asyncio.ensure_future(Call(path, b"").ask(app))


@pytest.mark.parametrize("path", PATHS)
async def test_few_of_many_are_with_the_services_at_once(app, inner, path):
    app.line = Line(at_once=2)
    all_of_them = [asking(app, path) for _ in range(10)]
    await turns_until(lambda: app.line.waiting == 8)
    inner.may_find.set()
    inner.may_end.set()
    assert await asyncio.gather(*all_of_them) == [200] * 10
    assert (inner.asked, inner.most) == (10, 2)


async def test_who_fetches_slowly_keeps_nobody_waiting(app, inner):
    app.line = Line(at_once=1)
    inner.may_find.set()
    slow = [asking(app, PATHS[0]) for _ in range(5)]
    await turns_until(lambda: inner.asked == 5)
    assert not any(one.done() for one in slow)
    inner.may_end.set()
    assert await asyncio.gather(*slow) == [200] * 5


async def test_who_finds_the_line_full_is_told_to_come_back(app, inner):
    app.line = Line(at_once=1, longest=2)
    asked = [asking(app, PATHS[0]) for _ in range(5)]
    await turns_until(lambda: sum(one.done() for one in asked) == 2)
    inner.may_find.set()
    inner.may_end.set()
    assert sorted(await asyncio.gather(*asked)) == [200] * 3 + [503] * 2


async def test_who_left_while_waiting_in_line_is_not_served(app, inner):
    app.line = Line(at_once=1)
    caller = Call(PATHS[0], b"")
    async with app.line.turn():
        waiting = asyncio.ensure_future(caller.ask(app))
        await turns()
        caller.gone.set()
        await turns()
    assert (await waiting, inner.asked) == (503, 0)


async def test_line_is_left_though_the_services_fail(app):
    async def failing(scope, receive, send):
        raise LookupError

    app.inner, app.line = failing, Line(at_once=1)
    for _ in range(3):
        with pytest.raises(LookupError):
            await asking(app, PATHS[0])
