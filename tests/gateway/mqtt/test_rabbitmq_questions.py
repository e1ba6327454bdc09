"""What RabbitMQ asks by HTTP: who may ask, and what it is told."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.actor import Actor
from audit.models import AuditEvent
from gateway.models import MqttClient
from gateway.mqtt.service import SERVICE_USER, service_password
from keys.services import api_key_revoke
from tests.factories.keys import make_api_key

QUESTIONS = ("user", "vhost", "resource", "topic")
FORM = "application/x-www-form-urlencoded"
MAC = "5CCF7F012345"


@pytest.fixture
def ask(settings, db):
    """Ask as RabbitMQ does; return its answer."""
    settings.MQTT_BROKER = "rabbitmq"

    def send(question, **said):
        body = urlencode({"vhost": "/", **said})
        answer = Client().post(f"/mqtt/{question}", body, content_type=FORM)
        assert answer.status_code == 200
        return answer.content.decode()

    return send


@pytest.fixture
def signed_in(ask, probe, acme_key):
    """What a connected device of Acme is known by."""
    said = {"username": probe.udid, "client_id": MAC}
    tags = ask("user", password=acme_key[1], **said).removeprefix("allow ")
    assert ask("vhost", tags=tags, ip="192.0.2.1", **said) == "allow"
    return {**said, "tags": tags}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("broker", "headers"),
    [
        ("embedded", {}),
        ("rabbitmq", {"REMOTE_ADDR": "192.0.2.1"}),
        ("rabbitmq", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}),
        ("rabbitmq", {"HTTP_FORWARDED": "for=127.0.0.1"}),
    ],
)
def test_question_of_anybody_but_rabbitmq_is_404(db, settings, question, broker, headers):
    settings.MQTT_BROKER = broker
    assert Client(**headers).post(f"/mqtt/{question}", {"username": "x"}).status_code == 404


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("body", [b"", b"username", b"username=%00&client_id=%ff", b"\xff" * 100])
def test_question_that_makes_no_sense_is_denied(ask, question, body):
    answer = Client().post(f"/mqtt/{question}", body, content_type=FORM)
    assert (answer.status_code, answer.content) == (200, b"deny")


def test_device_without_a_client_id_comes_by_no_mqtt_and_is_denied(ask, probe, acme_key):
    assert ask("user", username=probe.udid, password=acme_key[1]) == "deny"


def test_console_is_administrator_of_the_management_api_and_nothing_less(ask):
    said = {"username": SERVICE_USER, "password": service_password()}
    assert ask("user", **said) == "allow administrator"
    assert ask("user", client_id="THiNX-API-1", **said) == "allow console"
    assert ask("user", **{**said, "password": "guest"}) == "deny"


def test_tag_of_the_console_is_good_for_nobody_else(ask, signed_in):
    forged = {**signed_in, "tags": "console administrator", "name": "amq.topic"}
    assert ask("topic", **forged, routing_key="#") == "deny"


@pytest.mark.parametrize(
    ("kind", "name", "permission", "answer"),
    [
        ("queue", f"mqtt-subscription-{MAC}qos1", "configure", "allow"),
        ("queue", f"mqtt-subscription-{MAC}qos0", "read", "allow"),
        ("queue", f"mqtt-subscription-{MAC}qos10", "read", "deny"),
        ("queue", "mqtt-subscription-AAAAAAAAAAAAqos1", "read", "deny"),
        ("queue", "anything", "configure", "deny"),
        ("exchange", "amq.topic", "read", "allow"),
        ("exchange", "amq.topic", "write", "allow"),
        ("exchange", "amq.topic", "configure", "deny"),
        ("exchange", "amq.fanout", "write", "deny"),
        ("exchange", "", "write", "deny"),
    ],
)
def test_client_uses_the_exchange_of_topics_and_its_own_queues_only(
    ask, signed_in, kind, name, permission, answer
):
    assert ask("resource", **signed_in, resource=kind, name=name, permission=permission) == answer


@pytest.mark.parametrize(
    ("routing_key", "answer"),
    [
        (".{owner}.{udid}", "allow"),
        (".{owner}.{udid}.status", "allow"),
        (".{owner}.shared.#", "allow"),
        (".{owner}.shared.*.x", "allow"),
        (".{owner}.{udid}.other", "deny"),
        (".{owner}.*", "deny"),
        (".{owner}.*.status", "deny"),
        (".{owner}.#", "deny"),
        ("{owner}.{udid}", "deny"),
        (".*.{udid}", "deny"),
        ("#", "deny"),
        ("", "deny"),
    ],
)
def test_topic_is_compared_in_the_form_that_rabbitmq_gives_it(
    ask, signed_in, acme, routing_key, answer
):
    said = routing_key.format(owner=acme.owner_id, udid=signed_in["username"])
    assert ask("topic", **signed_in, name="amq.topic", routing_key=said) == answer


def test_revoked_key_is_denied_at_its_next_question(ask, signed_in, alice, acme, acme_key):
    topic = f".{acme.owner_id}.{signed_in['username']}"
    asked = {**signed_in, "name": "amq.topic", "routing_key": topic}
    assert ask("topic", **asked) == "allow"
    api_key_revoke(Actor(user=alice), key=acme_key[0])
    assert ask("topic", **asked) == "deny"
    assert ask("vhost", **signed_in) == "deny"


def test_client_id_belongs_to_whom_it_was_given_first(ask, signed_in, umbrella):
    _, secret = make_api_key(umbrella)
    said = {"username": umbrella.owner_id, "client_id": MAC}
    tags = ask("user", password=secret, **said).removeprefix("allow ")
    assert ask("vhost", tags=tags, ip="192.0.2.2", **said) == "deny"
    assert ask("vhost", **signed_in, ip="192.0.2.1") == "allow"
    assert MqttClient.objects.get(client_id=MAC).username == signed_in["username"]


@pytest.mark.parametrize("client_id", ["", "x" * 256, "a\nb"])
def test_client_id_that_cannot_be_kept_is_denied(ask, signed_in, client_id):
    assert ask("vhost", **{**signed_in, "client_id": client_id}) == "deny"


def test_refusals_are_audited_once_a_minute_for_each_owner(ask, acme, probe):
    cache.clear()
    for number in range(3):
        ask("user", username=probe.udid, password="f" * 64, client_id=f"c{number}")
    event = AuditEvent.objects.get(verb="devices.refused")
    assert event.organization_id == acme.pk
