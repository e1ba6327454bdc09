"""RabbitMQ's questions before Django: together, by the same rule, and for RabbitMQ only."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connections
from django.test import Client

from accounts.actor import Actor
from core.grouping import Full
from gateway.fast.questions import BrokerQuestions
from keys.services import api_key_revoke
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.asgi import Call

FORM = "application/x-www-form-urlencoded"


class Question(Call):
    """One question, as RabbitMQ posts it from this machine; `said` is the answer."""

    def __init__(self, question, /, *, address="127.0.0.1", headers=(), **values):
        super().__init__(f"/mqtt/{question}", urlencode({"vhost": "/", **values}).encode())
        self.scope |= {"client": (address, 5000), "headers": list(headers)}
        self.said = ""

    async def send(self, message):
        await super().send(message)
        self.said += message.get("body", b"").decode()


class Inner:
    """Stands where Django does, and counts what comes through."""

    def __init__(self):
        self.paths = []

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def app(settings):
    settings.MQTT_BROKER = "rabbitmq"
    app = BrokerQuestions(Inner())
    yield app
    app.answers.close()


@pytest.fixture
def key(transactional_db, acme):
    """A key of Acme and its text."""
    return make_api_key(acme)


async def _asked(app, *questions):
    """Ask everything at once; return the answers."""
    statuses = await asyncio.gather(*(question.ask(app) for question in questions))
    assert set(statuses) == {200}
    return [question.said for question in questions]


async def _connected(app, udid, secret, client_id):
    said = {"username": udid, "client_id": client_id}
    [answer] = await _asked(app, Question("user", password=secret, **said))
    known = {**said, "tags": answer.removeprefix("allow ")}
    assert await _asked(app, Question("vhost", ip="192.0.2.1", **known)) == ["allow"]
    return known


async def _in_thread(function):
    def run():
        try:
            return function()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def test_many_at_once_are_each_told_what_django_tells_one(app, acme, umbrella, key):
    def made():
        devices = DeviceFactory.create_batch(40, organization=acme)
        return devices, make_api_key(umbrella)[1]

    devices, foreign = await _in_thread(made)
    presented = [
        {"username": device.udid, "client_id": f"c{n}", "password": key[1] if n % 2 else foreign}
        for n, device in enumerate(devices)
    ]
    together = await _asked(app, *(Question("user", **one) for one in presented))
    assert app.inner.paths == []

    def alone():
        said = [Client().post("/mqtt/user", urlencode(o), content_type=FORM) for o in presented]
        return [answer.content.decode() for answer in said]

    assert together == await _in_thread(alone)
    assert together == ["deny", f"allow key-{key[0].pk}"] * 20


async def test_of_two_with_one_client_id_at_once_one_gets_it(app, acme, key):
    devices = await _in_thread(lambda: DeviceFactory.create_batch(2, organization=acme))
    known = {"client_id": "same", "tags": f"key-{key[0].pk}", "ip": "192.0.2.1"}
    questions = [Question("vhost", username=device.udid, **known) for device in devices]
    assert await _asked(app, *questions) == ["allow", "deny"]
    again = [Question("vhost", username=device.udid, **known) for device in devices[::-1]]
    assert await _asked(app, *again) == ["deny", "allow"]


async def test_revoked_key_is_refused_at_its_next_question(app, acme, alice, key):
    device = await _in_thread(lambda: DeviceFactory(organization=acme))
    known = await _connected(app, device.udid, key[1], "mac")
    topic = f".{acme.owner_id}.{device.udid}"
    question = {"name": "amq.topic", "routing_key": topic, **known}
    assert await _asked(app, Question("topic", **question)) == ["allow"]
    await _in_thread(lambda: api_key_revoke(Actor(user=alice), key=key[0]))
    assert await _asked(app, Question("topic", **question)) == ["deny"]


@pytest.mark.parametrize(
    "odd",
    [
        {"address": "192.0.2.1"},
        {"headers": [(b"x-forwarded-for", b"127.0.0.1")]},
        {"headers": [(b"via", b"1.1 proxy")]},
    ],
)
async def test_anybody_but_rabbitmq_is_left_to_django(app, odd):
    question = Question("user", username="x", **odd)
    assert await question.ask(app) == 404
    assert app.inner.paths == ["/mqtt/user"]


@pytest.mark.parametrize(
    "body",
    [b"", b"username", b"\xff" * 100, b"username=thinx&username=x", b"&".join([b"a=1"] * 99)],
)
async def test_body_that_rabbitmq_does_not_send_is_denied(app, transactional_db, body):
    question = Question("user")
    question.body[0]["body"] = body
    assert await _asked(app, question) == ["deny"]


@pytest.mark.parametrize("problem", [Full(), OperationalError("away")])
async def test_question_that_cannot_be_looked_up_is_told_to_come_again(app, monkeypatch, problem):
    async def submit(asked):
        raise problem

    monkeypatch.setattr(app.answers, "submit", submit)
    assert await Question("user", username="x").ask(app) == 503


async def test_other_paths_go_to_django(app):
    for path in ("/devices/", "/mqtt/other", "/mqtt/"):
        await Call(path, b"").ask(app)
    assert app.inner.paths == ["/devices/", "/mqtt/other", "/mqtt/"]
