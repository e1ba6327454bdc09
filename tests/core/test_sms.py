"""An SMS is handed over on commit; what cannot be one is refused at once."""

from __future__ import annotations

import pytest
import time_machine
from django.core import checks

from core.exceptions import DomainError
from core.sms import send_sms
from core.sms._checks import messages_leave_the_house, sms_gateway_is_set_up
from tests.support.outbox import code_in, last_sms


@pytest.mark.django_db
def test_sms_is_there_right_after_the_commit(
    django_capture_on_commit_callbacks, settings, tmp_path
):
    settings.OUTBOX_DIR = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        send_sms("+420601777001", "482913 is your code")
        with pytest.raises(AssertionError):
            last_sms("+420601777001")
    assert code_in(last_sms("+420601777001")) == "482913"


@pytest.mark.parametrize(
    "to", ["", "601000001", "+0123456789", "+42060100000a", "+4206010000011111"]
)
def test_number_that_is_none_is_refused(to):
    with pytest.raises(DomainError) as refused:
        send_sms(to, "x")
    assert refused.value.code == "sms.number_unusable"


def test_text_that_is_too_long_is_refused():
    with pytest.raises(DomainError) as refused:
        send_sms("+420601000001", "x" * 1001)
    assert refused.value.code == "sms.text_too_long"


@pytest.mark.django_db
def test_sms_that_is_of_no_use_any_more_is_not_sent(
    settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    settings.OUTBOX_DIR = tmp_path
    with time_machine.travel("2026-11-22 10:00", tick=False) as clock:
        with django_capture_on_commit_callbacks() as sends:
            send_sms("+420601777002", "482913", useful_for=300)
        clock.shift(299)
        sends[0]()
        assert last_sms("+420601777002") == "482913"
        with django_capture_on_commit_callbacks() as sends:
            send_sms("+420601777003", "482913", useful_for=300)
        clock.shift(301)
        sends[0]()
    assert "of no use any more" in caplog.text
    with pytest.raises(AssertionError):
        last_sms("+420601777003")


def test_gateway_that_does_not_exist_stops_the_start(settings):
    settings.SMS_GATEWAY = "pigeon"
    (found,) = sms_gateway_is_set_up()
    assert (found.id, found.level) == ("core.E010", checks.ERROR)
    assert "outbox" in found.msg


def test_gateway_without_its_settings_stops_the_start(settings):
    settings.SMS_GATEWAY = "twilio"
    settings.SMS_USER = settings.SMS_PASSWORD = ""
    assert [found.msg for found in sms_gateway_is_set_up()] == [
        "THINX_SMS_USER is not set.",
        "THINX_SMS_PASSWORD is not set.",
    ]


@pytest.mark.django_db
def test_gateway_without_its_settings_sends_nothing_and_says_why(
    settings, caplog, django_capture_on_commit_callbacks
):
    settings.SMS_GATEWAY = "twilio"
    settings.SMS_USER = settings.SMS_PASSWORD = ""
    with django_capture_on_commit_callbacks(execute=True):
        send_sms("+420601000001", "x")
    assert "THINX_SMS_USER is not set." in caplog.text


def test_server_that_keeps_its_mail_or_prints_its_codes_is_warned(settings):
    settings.EMAIL_BACKEND = "core.mail.backends.OutboxBackend"
    settings.SMS_GATEWAY = "console"
    assert [found.id for found in messages_leave_the_house()] == ["core.W010", "core.W011"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.SMS_GATEWAY = "smpp"
    assert messages_leave_the_house() == []
