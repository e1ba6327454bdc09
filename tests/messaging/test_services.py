"""Messages are kept for a while; publications are sealed, sent once, and gone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError
from messaging.constants import KEPT_PER_DEVICE
from messaging.models import DeviceMessage, DeviceQuestion, Publication
from messaging.payloads import decoded, device_json, looks_like_broken_json, masked
from messaging.question_services import (
    question_answer,
    question_ask,
    question_confirmed,
    question_dismiss,
)
from messaging.services import (
    Seen,
    message_publish,
    messages_expire,
    messages_keep,
    messages_prune,
    publications_send,
    publish_on_commit,
)
from tests.factories.devices import DeviceFactory
from tests.factories.messaging import DeviceMessageFactory, DeviceQuestionFactory


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe")


@pytest.fixture
def said():
    """What a bridge would publish; call it to send what waits."""

    class Said(list):
        def __call__(self):
            publications_send(lambda topic, payload: self.append((topic, payload)))
            return self

    return Said()


def topic(device):
    return f"/{device.organization.owner_id}/{device.udid}"


def test_only_the_last_messages_of_a_device_are_kept(probe):
    now = timezone.now()
    messages_keep(Seen(probe.pk, now, "in", "status", b"%d" % n) for n in range(230))
    messages_prune([probe.pk])
    rows = DeviceMessage.objects.filter(device=probe).order_by("-pk")
    assert rows.count() == KEPT_PER_DEVICE
    assert bytes(rows[0].payload) == b"229"


def test_long_payload_is_cut_and_its_size_kept(probe):
    messages_keep([Seen(probe.pk, timezone.now(), "in", "status", b"x" * 50_000)])
    row = DeviceMessage.objects.get()
    assert (len(row.payload), row.size) == (8192, 50_000)


def test_messages_of_yesterday_go(probe):
    DeviceMessageFactory(device=probe, at=timezone.now() - timedelta(hours=25))
    staying = DeviceMessageFactory(device=probe)
    assert messages_expire() == 1
    assert list(DeviceMessage.objects.all()) == [staying]


def test_publication_is_sent_once_and_its_payload_gone(probe, said):
    row = publish_on_commit("/a/b", '{"x":1}', organization=probe.organization)
    assert row.state == "queued"
    assert said() == [("/a/b", b'{"x":1}')]
    assert said() == [("/a/b", b'{"x":1}')]
    row.refresh_from_db()
    assert (row.state, f"{row.payload}") == ("sent", "")
    assert row.sent_at is not None


def test_publication_that_waited_too_long_is_not_sent(probe, said):
    row = publish_on_commit("/a/b", "x", organization=probe.organization)
    Publication.objects.filter(pk=row.pk).update(queued_at=timezone.now() - timedelta(hours=1))
    assert said() == []
    row.refresh_from_db()
    assert row.state == "expired"


def test_secret_of_a_configuration_lies_nowhere_in_the_clear(probe, act, alice, said):
    payload = json.dumps({"configuration": {"THINX_ENV_PASS": "canary-1", "N": "canary-2"}})
    message_publish(act(alice), device=probe, topic=topic(probe), payload=payload)
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload, shown FROM messaging_publication")
        assert "canary" not in repr(cursor.fetchall())
    assert said() == [(topic(probe), payload.encode())]
    kept = DeviceMessage.objects.get(device=probe)
    assert kept.direction == "out"
    assert b"canary" not in bytes(kept.payload)
    event = AuditEvent.objects.get(verb="messaging.published")
    assert "canary" not in json.dumps(event.data)
    assert event.data["topic"] == topic(probe)


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ('{"password":"x","a":1}', '{"password":"••••••••","a":1}'),
        ('{"wifi_psk":"x"}', '{"wifi_psk":"••••••••"}'),
        ('{"a":[{"api_key":"x"}]}', '{"a":[{"api_key":"••••••••"}]}'),
        ("password=hunter2 x", "password=•••••••• x"),
        ("{ token: abc }", "{ token: •••••••• }"),
        ("open the door", "open the door"),
        ("17", "17"),
    ],
)
def test_what_sounds_secret_is_masked(payload, shown):
    assert masked(payload) == shown


def test_payloads_are_decoded_for_people():
    assert decoded(b'{"a":1}') == ("json", '{\n  "a": 1\n}')
    assert decoded(b"{ a: 1 }") == ("text", "{ a: 1 }")
    assert decoded(b"\xff\x00") == ("binary", "ff 00")
    assert decoded(b"\x01\x02") == ("binary", "01 02")


def test_json_for_devices_has_no_brace_inside_a_value():
    text = device_json({"notification": {"response": "a}}b"}})
    assert text == '{"notification":{"response":"a\\u007d\\u007db"}}'
    assert text.index("}}") == len(text) - 2
    assert json.loads(text)["notification"]["response"] == "a}}b"


def test_broken_json_is_recognized():
    assert looks_like_broken_json('{"a":')
    assert not looks_like_broken_json('{"a":1}')
    assert not looks_like_broken_json("plain")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"topic": "/x/y"}, "messaging.foreign_topic"),
        ({"payload": '{"a":'}, "messaging.broken_json"),
        ({"payload": "x" * 70_000}, "messaging.payload_too_long"),
    ],
)
def test_bad_publication_is_refused_with_a_code(probe, act, alice, fields, code):
    wanted = {"topic": topic(probe), "payload": "x", **fields}
    with pytest.raises(DomainError) as refused:
        message_publish(act(alice), device=probe, **wanted)
    assert refused.value.code == code
    assert not Publication.objects.exists()


def test_second_question_is_suppressed_while_one_is_open(probe, system):
    first = question_ask(system, device=probe, title="T", body="B", wants_bool=True)
    assert first is not None
    assert question_ask(system, device=probe, title="T", body="C", wants_bool=True) is None
    assert DeviceQuestion.objects.count() == 1
    assert AuditEvent.objects.filter(verb="messaging.question_asked").count() == 1


@pytest.mark.parametrize(("reply", "value"), [("yes", True), ("No", False), ("true", True)])
def test_answer_is_published_in_both_forms_singly_encoded(probe, act, olga, said, reply, value):
    question = DeviceQuestionFactory(device=probe)
    question_answer(act(olga), question=question, reply=reply)
    word = json.dumps(value)
    assert said() == [
        (topic(probe), f'{{"nid":"nid:{probe.udid}","reply":{word}}}'.encode()),
        (topic(probe), f'{{"notification":{{"response_type":"bool","response":{word}}}}}'.encode()),
    ]
    question.refresh_from_db()
    assert (question.state, question.answered_by) == ("answered", olga)
    event = AuditEvent.objects.get(verb="messaging.question_answered")
    assert event.data["answer"] == ("yes" if value else "no")


def test_text_answer_is_published_as_text(probe, act, olga, said):
    question = DeviceQuestionFactory(device=probe, wants_bool=False)
    question_answer(act(olga), question=question, reply="Kitchen")
    assert said()[1][1] == b'{"notification":{"response_type":"string","response":"Kitchen"}}'


@pytest.mark.parametrize(
    ("wants_bool", "reply", "code"),
    [(True, "maybe", "messaging.answer_yes_or_no"), (False, "  ", "messaging.answer_empty")],
)
def test_answer_that_the_device_cannot_use_is_refused(probe, act, olga, wants_bool, reply, code):
    question = DeviceQuestionFactory(device=probe, wants_bool=wants_bool)
    with pytest.raises(DomainError) as refused:
        question_answer(act(olga), question=question, reply=reply)
    assert refused.value.code == code


def test_question_is_answered_once(probe, act, olga, alice):
    question = DeviceQuestionFactory(device=probe)
    again = DeviceQuestion.objects.select_related("device__organization").get(pk=question.pk)
    question_answer(act(olga), question=question, reply="yes")
    with pytest.raises(Conflict) as refused:
        question_dismiss(act(alice), question=again)
    assert refused.value.code == "messaging.not_open"


def test_device_confirms_and_may_ask_again(probe, act, olga, system):
    question = DeviceQuestionFactory(device=probe)
    question_answer(act(olga), question=question, reply="yes")
    question_confirmed(system, device=probe)
    question.refresh_from_db()
    assert question.state == "done"
    assert question_ask(system, device=probe, title="", body="More?", wants_bool=True) is not None


def test_confirmation_without_an_answer_changes_nothing(probe, system):
    question = DeviceQuestionFactory(device=probe)
    question_confirmed(system, device=probe)
    question.refresh_from_db()
    assert question.state == "open"
