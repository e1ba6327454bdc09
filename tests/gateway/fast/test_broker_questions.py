"""RabbitMQ's questions: a few at a time, and none for somebody who gave up."""

from __future__ import annotations

import asyncio

from gateway.fast.line import Line
from gateway.fast.questions import BrokerQuestions
from tests.support.asgi import Call, turns


def question(path: str = "/mqtt/user") -> Call:
    return Call(path, b"username=a")


class Console:
    """Stands where Django does, and answers when it may."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.bodies = []
        self.inside = self.most = 0

    async def __call__(self, scope, receive, send):
        self.bodies.append((await receive())["body"])
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.may_answer.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"allow"})


def served(console, **limits) -> BrokerQuestions:
    app = BrokerQuestions(console)
    app.line = Line(**limits)
    return app


async def test_questions_are_let_in_a_few_at_a_time_and_all_are_answered():
    console = Console()
    app = served(console, at_once=3)
    asked = [asyncio.ensure_future(question().ask(app)) for _ in range(40)]
    await turns()
    console.may_answer.set()
    assert set(await asyncio.gather(*asked)) == {200}
    assert console.most == 3
    assert console.bodies == [b"username=a"] * 40


async def test_question_that_was_given_up_in_the_line_is_not_worked_on():
    console = Console()
    app = served(console, at_once=1)
    first, gone = question(), question()
    tasks = [asyncio.ensure_future(one.ask(app)) for one in (first, gone)]
    await turns()
    gone.gone.set()
    await turns()
    console.may_answer.set()
    assert await asyncio.gather(*tasks) == [200, 503]
    assert len(console.bodies) == 1


async def test_more_than_may_wait_are_told_to_come_again():
    console = Console()
    app = served(console, at_once=1, longest=1)
    asked = [asyncio.ensure_future(question().ask(app)) for _ in range(5)]
    await turns()
    console.may_answer.set()
    assert sorted(await asyncio.gather(*asked)) == [200, 200, 503, 503, 503]


async def test_other_paths_do_not_wait():
    console = Console()
    app = served(console, at_once=1)
    asked = [asyncio.ensure_future(question("/devices/").ask(app)) for _ in range(5)]
    await turns()
    assert console.inside == 5
    console.may_answer.set()
    assert set(await asyncio.gather(*asked)) == {200}
