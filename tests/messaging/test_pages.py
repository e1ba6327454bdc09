"""The messages of a device, publishing to it, and its questions: pages and REST."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from audit.models import AuditEvent
from keys.choices import ApiKeyKind
from messaging.models import Publication
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.factories.messaging import DeviceMessageFactory, DeviceQuestionFactory


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe")


@pytest.fixture
def robot(alice, acme):
    _, secret = make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION)
    return Client(headers={"X-API-Key": secret})


def page_of(client, device):
    return client.get(f"/devices/{device.uid}/messages/")


def test_messages_show_decoded_and_as_they_came(in_acme, vera, probe):
    DeviceMessageFactory(device=probe, payload=b'{"status":"Warm"}')
    DeviceMessageFactory(device=probe, payload=b"\xff\x00", suffix="data")
    DeviceMessageFactory(device=probe, payload=b"<script>x</script>")
    page = page_of(in_acme(vera), probe).content.decode()
    assert "&quot;status&quot;: &quot;Warm&quot;" in page
    assert "ff 00" in page
    assert "<script>x" not in page
    assert f"/{probe.organization.owner_id}/{probe.udid}" in page
    assert f"/devices/{probe.uid}/publish/" not in page


def test_number_of_queries_does_not_grow_with_messages(
    in_acme, vera, probe, django_assert_max_num_queries, django_assert_num_queries
):
    client = in_acme(vera)
    DeviceMessageFactory(device=probe)
    page_of(client, probe)
    with django_assert_max_num_queries(30) as one:
        page_of(client, probe)
    for _ in range(20):
        DeviceMessageFactory(device=probe)
    with django_assert_num_queries(len(one)):
        page_of(client, probe)


def test_operator_publishes_to_the_device(in_acme, olga, probe):
    topic = f"/{probe.organization.owner_id}/{probe.udid}"
    client = in_acme(olga)
    assert f"/devices/{probe.uid}/publish/" in page_of(client, probe).text
    answer = client.post(
        f"/devices/{probe.uid}/publish/", {"topic": topic, "payload": '{"cmd":"blink"}'}
    )
    assert answer.status_code == 302
    assert Publication.objects.get().topic == topic
    assert AuditEvent.objects.filter(verb="messaging.published", target_uid=probe.uid).exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"payload": '{"cmd":'}, "looks like JSON and is not"),
        ({"topic": "/x/y"}, "Select a valid choice"),
        ({"payload": ""}, "required"),
    ],
)
def test_what_cannot_be_published_is_said_at_the_field(in_acme, olga, probe, fields, words):
    topic = f"/{probe.organization.owner_id}/{probe.udid}"
    answer = in_acme(olga).post(
        f"/devices/{probe.uid}/publish/", {"topic": topic, "payload": "x", **fields}
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert not Publication.objects.exists()


def test_viewer_publish_is_403_and_outsider_404(in_acme, signed_in, vera, mallory, probe):
    address = f"/devices/{probe.uid}/publish/"
    assert in_acme(vera).post(address, {}).status_code == 403
    assert signed_in(mallory).post(address, {}).status_code == 404
    assert page_of(signed_in(mallory), probe).status_code == 404


def test_open_question_shows_with_the_device_and_in_the_list(in_acme, olga, vera, probe):
    question = DeviceQuestionFactory(device=probe, body="Install 2.0?")
    client = in_acme(olga)
    for address in (f"/devices/{probe.uid}/", f"/devices/{probe.uid}/messages/", "/questions/"):
        assert "Install 2.0?" in client.get(address).text
    assert f"/questions/{question.uid}/answer/" in page_of(client, probe).text
    assert f"/questions/{question.uid}/answer/" not in page_of(in_acme(vera), probe).text
    assert ">1<" in client.get("/questions/open/").text


def test_sidebar_counts_nothing_while_nobody_asks(in_acme, olga, probe):
    DeviceQuestionFactory(device=probe, state="done")
    assert "nav-count" not in in_acme(olga).get("/questions/open/").text


def test_operator_answers_and_viewer_cannot(in_acme, signed_in, olga, vera, mallory, probe):
    question = DeviceQuestionFactory(device=probe)
    address = f"/questions/{question.uid}/answer/"
    assert in_acme(vera).post(address, {"reply": "yes"}).status_code == 403
    assert signed_in(mallory).post(address, {"reply": "yes"}).status_code == 404
    assert in_acme(olga).post(address, {"reply": "yes"}).status_code == 302
    question.refresh_from_db()
    assert (question.state, question.answer) == ("answered", "yes")
    assert Publication.objects.count() == 2
    again = in_acme(olga).post(address, {"reply": "no"})
    assert again.status_code == 422
    assert "dealt with this question already" in again.text


def test_operator_dismisses(in_acme, olga, probe):
    question = DeviceQuestionFactory(device=probe)
    assert in_acme(olga).post(f"/questions/{question.uid}/dismiss/").status_code == 302
    question.refresh_from_db()
    assert question.state == "dismissed"


def test_messages_by_rest(robot, probe):
    DeviceMessageFactory(device=probe, payload=b'{"a":1}')
    shown = robot.get(f"/api/v1/devices/{probe.uid}/messages/").json()["results"][0]
    assert (shown["kind"], shown["direction"], shown["suffix"]) == ("json", "in", "status")
    assert bytes.fromhex(shown["raw"]) == b'{"a":1}'


def test_publish_by_rest(robot, probe):
    address = f"/api/v1/devices/{probe.uid}/publish/"
    answer = robot.post(address, {"payload": "hello"}, content_type="application/json")
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    broken = robot.post(address, {"payload": '{"a":'}, content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "messaging.broken_json")
    foreign = robot.post(
        address, {"payload": "x", "topic": "/a/b"}, content_type="application/json"
    )
    assert foreign.json()["code"] == "messaging.foreign_topic"


def test_question_by_rest(robot, probe):
    question = DeviceQuestionFactory(device=probe)
    listed = robot.get("/api/v1/questions/?state=open").json()["results"]
    assert [row["uid"] for row in listed] == [f"{question.uid}"]
    address = f"/api/v1/questions/{question.uid}/"
    maybe = robot.post(f"{address}answer/", {"reply": "maybe"}, content_type="application/json")
    assert maybe.json()["code"] == "messaging.answer_yes_or_no"
    done = robot.post(f"{address}answer/", {"reply": "yes"}, content_type="application/json")
    assert done.json()["state"] == "answered"
    again = robot.post(f"{address}dismiss/", {}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "messaging.not_open")
    assert json.loads(robot.get(address).content)["answer"] == "yes"
