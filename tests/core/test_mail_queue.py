"""On the way to the worker a message is sealed; what fails for now is tried again."""

from __future__ import annotations

import json
import logging
import re
import time

import pytest
from celery import Celery
from django.core import mail
from kombu.exceptions import OperationalError

from core import tasks
from core.delivery import MAX_RETRIES, QUEUE, pause_after
from core.mail import SEND_MAIL, send_mail
from core.sms import SEND_SMS, send_sms
from tests.support.outbox import last_mail, last_sms
from tests.support.waiting import wait_until
from tests.support.web import web_server
from thinx_console.celery import app

LINK = "http://127.0.0.1:7442/confirm/once"
CONTEXT = {"email": "ann@example.org", "url": LINK, "hours": 24}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def by_the_worker(settings):
    settings.MESSAGES_INLINE = False


@pytest.fixture
def queue():
    """Return what takes the next message from the broker; None when there is none."""
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE) as simple:
        simple.clear()

        def take():
            try:
                found = simple.get(timeout=1)
            except simple.Empty:
                return None
            found.ack()
            return found

        yield take


@pytest.fixture
def gateway(settings):
    with web_server() as server:
        settings.SMS_GATEWAY = "http"
        settings.SMS_URL = f"{server.url}/?to={{to}}&text={{text}}"
        yield server


def run(found):
    """Run the task of a message, as a worker does."""
    _, kwargs, _ = found.payload
    task = {SEND_MAIL: tasks.send_mail, SEND_SMS: tasks.send_sms}[found.headers["task"]]
    return task.apply(kwargs=kwargs, task_id=found.headers["id"])


def test_broker_holds_a_ciphertext_and_the_worker_sends_it(queue):
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    assert not mail.outbox
    found = queue()
    assert found.headers["task"] == SEND_MAIL
    on_the_way = f"{found.body}{found.headers}{json.dumps(found.payload)}"
    assert "ann" not in on_the_way
    assert "confirm/once" not in on_the_way
    assert run(found).successful()
    assert LINK in last_mail("ann@example.org").text


def test_message_that_the_broker_delivers_twice_is_sent_once(queue):
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    found = queue()
    run(found)
    run(found)
    assert len(mail.outbox) == 1


def test_ciphertext_of_another_message_does_not_open(queue, caplog):
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    send_mail("confirm_email", "bob@example.org", CONTEXT)
    first, second = queue(), queue()
    first.payload[1]["sealed"] = second.payload[1]["sealed"]
    run(first)
    assert not mail.outbox
    assert "does not open" in caplog.text


def test_sms_goes_the_same_way(queue):
    send_sms("+420601000007", "482913 is your code")
    found = queue()
    assert found.headers["task"] == SEND_SMS
    assert "482913" not in f"{found.body}"
    run(found)
    assert last_sms("+420601000007") == "482913 is your code"


def test_gateway_that_fails_for_now_is_asked_again(queue, gateway):
    gateway.status = 503
    send_sms("+420601000001", "482913")
    run(queue())
    assert len(gateway.asked) == MAX_RETRIES + 1


def test_gateway_that_refuses_is_not_asked_again(queue, gateway, caplog):
    gateway.status = 400
    send_sms("+420601000001", "482913")
    assert run(queue()).successful()
    assert len(gateway.asked) == 1
    assert "the gateway answered 400" in caplog.text


def test_log_of_a_failure_names_neither_text_nor_number(queue, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    gateway.status = 503
    send_sms("+420601000001", "482913")
    run(queue())
    assert "could not be sent: the gateway answered 503" in caplog.text
    assert "482913" not in caplog.text
    assert "601000001" not in re.sub(r"127\.0\.0\.1:\d+", "", caplog.text)


def test_pauses_grow():
    assert [round(pause_after(n) / 5 / 3**n) for n in range(MAX_RETRIES)] == [1] * MAX_RETRIES


def test_without_a_broker_the_message_is_sent_from_here(monkeypatch, caplog, tmp_path):
    away = Celery("away", broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)
    monkeypatch.setattr("thinx_console.celery.app", away)
    started = time.monotonic()
    send_mail("confirm_email", "ann@example.org", CONTEXT)
    assert time.monotonic() - started < 30
    wait_until(lambda: mail.outbox)
    assert LINK in last_mail("ann@example.org").text
    assert "broker away" in caplog.text
    assert "confirm/once" not in caplog.text


def test_broker_that_is_away_says_so_in_a_way_we_know(tmp_path):
    away = Celery("away", broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)
    with pytest.raises(OperationalError):
        away.send_task("x", queue=QUEUE)
