"""Devices that give up before they are answered: not served for nothing, and nothing is noted."""

from __future__ import annotations

import asyncio

import pytest

from gateway.endpoint import device_endpoint, reply
from gateway.fast.app import FastCheckIns
from gateway.fast.line import Line
from gateway.leaving import UNHEARD
from tests.support.asgi import Call, turns


class Inner:
    """Stands where Django does: listens for the end of the call, and answers when it may."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.served = []

    async def __call__(self, scope, receive, send):
        self.served.append(scope[UNHEARD])
        await receive()
        listening = asyncio.ensure_future(receive())
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        listening.cancel()


@pytest.fixture
def inner():
    return Inner()


@pytest.fixture
def app(inner):
    app = FastCheckIns(inner)
    yield app
    app.writer.close()


async def test_who_left_while_waiting_in_line_is_not_served(app, inner):
    caller = Call("/device/register", b"{}")
    app.line = Line(at_once=1)
    async with app.line.turn():
        asking = asyncio.ensure_future(caller.ask(app))
        await turns()
        caller.gone.set()
        await turns()
    await asking
    assert (inner.served, caller.status) == ([], 503)


async def test_answer_for_who_left_meanwhile_is_unheard(app, inner):
    caller = Call("/device/register", b"{}")
    asking = asyncio.ensure_future(caller.ask(app))
    await turns()
    caller.gone.set()
    await turns()
    inner.may_answer.set()
    await asking
    assert [is_unheard() for is_unheard in inner.served] == [True]


async def test_answer_for_who_waits_is_heard_though_the_call_ends_then(app, inner):
    caller = Call("/device/register", b"{}")
    asking = asyncio.ensure_future(caller.ask(app))
    await turns()
    inner.may_answer.set()
    await asking
    caller.gone.set()
    await turns()
    assert (caller.status, [is_unheard() for is_unheard in inner.served]) == (200, [False])


@pytest.mark.django_db  # the end of an answer looks at the connections there are
@pytest.mark.parametrize("is_unheard", [True, False])
def test_what_follows_an_answer_follows_it_only_if_it_was_heard(rf, is_unheard):
    noted = []
    view = device_endpoint("POST")(lambda request: reply("{}", after=[lambda: noted.append(1)]))
    request = rf.post("/device/register")
    request.scope = {UNHEARD: lambda: is_unheard}
    view(request).close()
    assert len(noted) == (0 if is_unheard else 1)
