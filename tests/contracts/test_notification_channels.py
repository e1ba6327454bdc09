"""What every channel of notifications promises, over the whole registry, with real counterparts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging

import pytest
from django.core import mail

from core.delivery import DeliveryError
from core.exceptions import DomainError
from core.outbox import outbox_messages
from notifications.channels import Addressee, Letter, channels
from tests.factories.accounts import make_user
from tests.support.web import web_server

EACH = pytest.mark.parametrize("slug", [channel.slug for channel in channels])
SENDING = pytest.mark.parametrize("slug", [c.slug for c in channels if c.slug != "inbox"])
RULED = pytest.mark.parametrize("slug", [channel.slug for channel in channels if channel.rules])
HTTP = pytest.mark.parametrize("slug", ["webhook", "slack"])
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
PATH = "/services/T0/secret-part"


def letter(number: int = 1) -> Letter:
    return Letter(
        id=f"00000000-0000-0000-0000-00000000000{number}",
        kind="build_failed",
        level="error",
        title=f"Build #{number} failed <&>",
        text="thinx.yml is missing.",
        url=f"http://127.0.0.1:7442/builds/{number}/",
        button="See its log",
        count=1,
        items=[{"name": f"Build #{number}", "url": "", "at": "2026-01-01T00:00:00+00:00"}],
        organization={"uid": "u", "name": "Acme"},
        at="2026-01-01T00:00:00+00:00",
    )


@pytest.fixture
def web(settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_TIMEOUT = 5
    with web_server() as server:
        yield server


@pytest.fixture
def destination(web):
    """Return where a channel sends to in these tests."""
    places = {"email": "team@example.org", "sms": "+420601123456"}
    return lambda slug: places.get(slug, f"{web.url}{PATH}")


def arrived(slug, web):
    """Return the texts that came to the other end."""
    if slug == "email":
        return [sent.body for sent in mail.outbox]
    if slug == "sms":
        return [one.text for one in outbox_messages()]
    return [one.body for one in web.asked]


@EACH
def test_says_who_it_is_and_whom_it_serves(slug):
    channel = channels.get(slug)
    assert channel.label
    assert channel.icon
    assert channel.people or channel.rules
    assert channel.per_hour > 0


@SENDING
def test_message_arrives_with_its_title(slug, destination, web, db):
    to = Addressee(destination(slug), SECRET, rule="On call")
    channels.get(slug).send(to, [letter()])
    (text,) = arrived(slug, web)
    assert "Build #1 failed" in text


@SENDING
def test_several_are_told_without_losing_one(slug, destination, web, db):
    channels.get(slug).send(Addressee(destination(slug), SECRET), [letter(1), letter(2)])
    said = "\n".join(arrived(slug, web))
    assert "Build #1 failed" in said
    assert "Build #2 failed" in said


@RULED
def test_destination_that_is_none_is_refused(slug, web):
    with pytest.raises(DomainError):
        channels.get(slug).check("nonsense destination")


@RULED
def test_good_destination_is_taken(slug, destination):
    assert channels.get(slug).check(destination(slug)) == destination(slug)


@HTTP
def test_what_pages_show_is_no_secret(slug, destination):
    assert "secret-part" not in channels.get(slug).shown(destination(slug))


@HTTP
@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_receiver_in_trouble_is_tried_again(slug, status, destination, web):
    web.status = status
    with pytest.raises(DeliveryError) as refused:
        channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
    assert not refused.value.permanent


@HTTP
@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_receiver_that_refuses_is_not_tried_again(slug, status, destination, web):
    web.status = status
    with pytest.raises(DeliveryError) as refused:
        channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
    assert refused.value.permanent


@HTTP
def test_redirect_is_not_followed(slug, destination, web):
    web.status, web.headers = 302, {"Location": f"{web.url}/elsewhere"}
    with pytest.raises(DeliveryError):
        channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
    assert [one.path for one in web.asked] == [PATH]


@HTTP
def test_receiver_that_hangs_up_is_tried_again(slug, destination, web):
    web.hangs_up = True
    with pytest.raises(DeliveryError) as refused:
        channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
    assert not refused.value.permanent


@HTTP
def test_private_address_is_not_called(slug, destination, web, settings):
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(DomainError) as refused:
        channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
    assert refused.value.code == "outbound.url_private"
    assert web.asked == []


@SENDING
def test_no_secret_is_logged(slug, destination, web, caplog, db):
    web.status = 500
    with caplog.at_level(logging.DEBUG):
        try:
            channels.get(slug).send(Addressee(destination(slug), SECRET), [letter()])
            said = ""
        except DeliveryError as error:
            said = f"{error}"
    assert "secret-part" not in said + caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in repr(Addressee(destination(slug), SECRET))


def test_webhook_is_signed_as_standard_webhooks_says(destination, web):
    channels.get("webhook").send(Addressee(destination("webhook"), SECRET), [letter()])
    (asked,) = web.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{asked.body}".encode()
    digest = hmac.new(b"k" * 32, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"] == letter().id
    said = json.loads(asked.body)
    assert (said["type"], said["data"]["title"]) == ("build_failed", "Build #1 failed <&>")
    assert said["data"]["organization"] == {"uid": "u", "name": "Acme"}


def test_slack_text_mentions_nobody(destination, web):
    channels.get("slack").send(Addressee(destination("slack")), [letter()])
    text = json.loads(web.asked[0].body)["text"]
    assert "<http://127.0.0.1:7442/builds/1/|Build #1 failed &lt;&amp;&gt;>" in text


def test_mail_sent_again_has_the_same_id(db):
    for _ in range(2):
        channels.get("email").send(Addressee("team@example.org"), [letter()])
    first, second = (sent.extra_headers["Message-ID"] for sent in mail.outbox)
    assert first == second


@pytest.mark.parametrize("slug", [channel.slug for channel in channels if channel.people])
def test_person_is_reached(slug, db):
    user = make_user("nina")
    user.phone = "+420601123456"
    assert channels.get(slug).reaches(user)


def test_person_without_a_number_gets_no_sms(db):
    assert not channels.get("sms").reaches(make_user("nina"))
