"""RabbitMQ's questions: a few at a time, and none for somebody who gave up."""

from __future__ import annotations

import asyncio

from gateway.fast.line import Line
from gateway.fast.questions import BrokerQuestions


class Question:
    """One question, by which the asker stays until `gone` is set."""

    def __init__(self, path="/mqtt/user"):
        self.scope = {"type": "http", "method": "POST", "path": path, "headers": []}
        self.body = [{"type": "http.request", "body": b"username=a", "more_body": False}]
        self.gone = asyncio.Event()
        self.status = 0

    async def ask(self, app) -> int:
        await app(self.scope, self.receive, self.send)
        return self.status

    async def receive(self):
        if self.body:
            return self.body.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.status = message.get("status", self.status)


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


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def served(console, **limits) -> BrokerQuestions:
    app = BrokerQuestions(console)
    app.line = Line(**limits)
    return app


async def test_questions_are_let_in_a_few_at_a_time_and_all_are_answered():
    console = Console()
    app = served(console, at_once=3)
    asked = [asyncio.ensure_future(Question().ask(app)) for _ in range(40)]
    await soon()
    console.may_answer.set()
    assert set(await asyncio.gather(*asked)) == {200}
    assert console.most == 3
    assert console.bodies == [b"username=a"] * 40


async def test_question_that_was_given_up_in_the_line_is_not_worked_on():
    console = Console()
    app = served(console, at_once=1)
    first, gone = Question(), Question()
    tasks = [asyncio.ensure_future(one.ask(app)) for one in (first, gone)]
    await soon()
    gone.gone.set()
    await soon()
    console.may_answer.set()
    assert await asyncio.gather(*tasks) == [200, 503]
    assert len(console.bodies) == 1


async def test_more_than_may_wait_are_told_to_come_again():
    console = Console()
    app = served(console, at_once=1, longest=1)
    asked = [asyncio.ensure_future(Question().ask(app)) for _ in range(5)]
    await soon()
    console.may_answer.set()
    assert sorted(await asyncio.gather(*asked)) == [200, 200, 503, 503, 503]


async def test_other_paths_do_not_wait():
    console = Console()
    app = served(console, at_once=1)
    asked = [asyncio.ensure_future(Question("/devices/").ask(app)) for _ in range(5)]
    await soon()
    assert console.inside == 5
    console.may_answer.set()
    assert set(await asyncio.gather(*asked)) == {200}
