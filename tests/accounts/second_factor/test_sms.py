"""Codes by SMS: enrolling a phone, signing in, and what does not open."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import SmsDevice
from accounts.second_factor.sms import phone_number, sms_accepts, sms_send
from core.exceptions import DomainError, QuotaExceeded
from tests.accounts.second_factor.conftest import PHONE, password_only, phone_of
from tests.factories.accounts import make_user
from tests.support.outbox import code_in, last_sms

ADD = "/accounts/second-factor/add/sms/"
CONFIRM = f"{ADD}code/"
VERIFY = "/accounts/second-factor/verify/"


@pytest.fixture
def send(act, django_capture_on_commit_callbacks):
    """Return a function that sends a code to a phone and returns it."""

    def send_one(phone: SmsDevice) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            sms_send(act(phone.user), factor=phone)
        return code_in(last_sms(phone.phone))

    return send_one


def test_person_enrols_a_phone_with_the_code_sent_to_it(
    signed_in, olga, django_capture_on_commit_callbacks
):
    client = signed_in(olga)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(ADD, {"phone": "+420 601 123 456"})["Location"] == CONFIRM
    assert PHONE in client.get(CONFIRM).text
    answer = client.post(CONFIRM, {"code": code_in(last_sms(PHONE))})
    assert answer["Location"] == "/accounts/second-factor/recovery-codes/"
    phone = SmsDevice.objects.get(user=olga)
    assert phone.confirmed
    assert phone.name == "+420 ••• 456"


@pytest.mark.parametrize("written", ["601 123 456", "hello", "+420", "+1 555", ""])
def test_what_is_no_number_is_refused(signed_in, olga, written):
    assert signed_in(olga).post(ADD, {"phone": written}).status_code == 422
    with pytest.raises(DomainError):
        phone_number(written)


def test_person_signs_in_with_the_code_sent(olga, django_capture_on_commit_callbacks):
    phone_of(olga)
    client = password_only(olga)
    page = client.get(VERIFY)
    assert "+420 ••• 456" in page.text
    assert PHONE not in page.text
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(VERIFY, {"asked": 1, "send": 1})
    assert 'name="code"' in page.text
    answer = client.post(VERIFY, {"asked": 1, "code": code_in(last_sms(PHONE))})
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200


def test_code_is_not_in_the_database(olga, send):
    code = send(phone_of(olga))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_smsdevice")
        assert code not in f"{cursor.fetchall()}"


def test_code_works_for_five_minutes(olga, send):
    phone = phone_of(olga)
    code = send(phone)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=5, seconds=1)):
        assert not sms_accepts(phone, code)
    assert sms_accepts(phone, code)


def test_code_works_once(olga, send):
    phone = phone_of(olga)
    code = send(phone)
    assert sms_accepts(phone, code)
    assert not sms_accepts(phone, code)
    phone.refresh_from_db()
    assert not sms_accepts(phone, code)


def test_fifth_wrong_answer_voids_the_code(olga, send):
    phone = phone_of(olga)
    code = send(phone)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert not sms_accepts(phone, wrong)
        phone.refresh_from_db()
    assert not sms_accepts(phone, code)


def test_new_code_voids_the_one_before(olga, send):
    phone = phone_of(olga)
    before = send(phone)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        after = send(phone)
        assert before == after or not sms_accepts(phone, before)
        phone.refresh_from_db()
        assert sms_accepts(phone, after)


def test_second_code_waits_a_minute(olga, send, act):
    phone = phone_of(olga)
    send(phone)
    with pytest.raises(QuotaExceeded, match="seconds"):
        sms_send(act(olga), factor=phone)


def sent_until_refused(act, targets) -> int:
    """Send a code to each (person, number) in turn; return how many were sent."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for sent, (person, number) in enumerate(targets):
            phone = SmsDevice.objects.create(user=person, name="x", phone=number)
            try:
                sms_send(act(person, address="203.0.113.9"), factor=phone)
            except QuotaExceeded:
                return sent
            clock.shift(61)
    return len(targets)


def test_five_codes_an_hour_to_one_account(olga, act):
    assert sent_until_refused(act, [(olga, f"+42060112000{n}") for n in range(9)]) == 5


def test_ten_codes_a_day_to_one_number(olga, vera, guest, act):
    people = [olga, vera, guest]
    assert sent_until_refused(act, [(people[n % 3], PHONE) for n in range(14)]) == 10


def test_twenty_codes_an_hour_for_one_address(act, db):
    people = [make_user(f"person{n}") for n in range(6)]
    targets = [(people[n % 6], f"+4206011200{n:02d}") for n in range(25)]
    assert sent_until_refused(act, targets) == 20


def test_codes_of_the_whole_console_are_limited(act, db, settings):
    settings.SMS_CODES_PER_HOUR = 3
    people = [make_user(f"person{n}") for n in range(5)]
    targets = [(person, f"+42060112000{n}") for n, person in enumerate(people)]
    assert sent_until_refused(act, targets) == 3
