"""Authenticator apps: enrolling, signing in, and what does not open."""

from __future__ import annotations

import re
import threading
import time

import pytest
import time_machine
from django.db import connection

from accounts.actor import PROVED_AT
from accounts.models import TotpDevice
from accounts.second_factor.attempts import CodeRefused
from accounts.second_factor.factors import code_check
from accounts.second_factor.totp import MOST_DRIFT, totp_accepts
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, code_at, password_only, verified
from tests.support.outbox import last_mail

ADD = "/accounts/second-factor/add/app/"
VERIFY = "/accounts/second-factor/verify/"


def seed_on(page) -> str:
    return re.search(r'id="seed">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")


def test_person_enrols_an_app_with_its_first_code(
    signed_in, olga, django_capture_on_commit_callbacks
):
    client = signed_in(olga)
    page = client.get(ADD)
    assert "data:image/svg+xml" in page.text
    assert page["Cache-Control"].startswith("max-age=0")
    seed = seed_on(page)
    assert seed_on(client.get(ADD)) == seed
    key = client.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(ADD, {"code": code_at(seed=seed), "name": "My phone"})
    assert answer["Location"] == "/accounts/second-factor/recovery-codes/"
    app = TotpDevice.objects.get(user=olga)
    assert (app.confirmed, app.name) == (True, "My phone")
    olga.refresh_from_db()
    assert olga.second_factor_at is not None
    assert client.session.session_key != key
    assert client.get("/").status_code == 200
    event = AuditEvent.objects.get(verb="accounts.factor_added")
    assert event.data["factor"] == "Authenticator app “My phone”"
    assert seed not in f"{event.__dict__}"
    assert "My phone" in last_mail(olga.email).text


def test_wrong_first_code_enrols_nothing(signed_in, olga):
    client = signed_in(olga)
    client.get(ADD)
    answer = client.post(ADD, {"code": "000000", "name": "x"})
    assert answer.status_code == 422
    assert not TotpDevice.objects.filter(confirmed=True).exists()


def test_stale_session_confirms_first_before_enrolling(signed_in, olga):
    client = signed_in(olga)
    session = client.session
    session[PROVED_AT] -= 3600
    session.save()
    assert client.get(ADD)["Location"] == f"/accounts/sudo/?next={ADD}"
    assert client.post(ADD, {"code": "1"}).status_code == 307


def test_seed_is_sealed_in_the_database(olga):
    app_of(olga)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_totpdevice")
        assert "JBSWY3DP" not in cursor.fetchone()[0]


def test_person_signs_in_with_the_code_under_a_new_session_key(olga):
    app_of(olga)
    client = password_only(olga)
    assert client.get("/devices/")["Location"] == f"{VERIFY}?next=/devices/"
    page = client.get(f"{VERIFY}?next=/devices/")
    assert 'autocomplete="one-time-code"' in page.text
    key = client.session.session_key
    answer = client.post(
        VERIFY, {"asked": 1, "code": f" {code_at()[:3]} {code_at()[3:]} ", "next": "/devices/"}
    )
    assert answer["Location"] == "/devices/"
    assert client.session.session_key != key
    assert client.get("/devices/").status_code == 200
    assert AuditEvent.objects.filter(verb="accounts.factor_verified").count() == 1


def test_code_is_accepted_once(olga):
    app_of(olga)
    code = code_at()
    verified(olga, code)
    again = password_only(olga).post(VERIFY, {"asked": 1, "code": code})
    assert again.status_code == 422
    assert "wrong or was used" in again.text


def test_earlier_code_is_refused_after_a_later_one(olga):
    app = app_of(olga)
    earlier, now = code_at(time.time() - 30), code_at()
    assert totp_accepts(app, now)
    app.refresh_from_db()
    assert not totp_accepts(app, earlier)


@pytest.mark.parametrize(("seconds", "opens"), [(-30, True), (30, True), (-60, False), (60, False)])
def test_app_may_be_off_by_one_step(olga, seconds, opens):
    with time_machine.travel(1_800_000_015, tick=False):
        assert totp_accepts(app_of(olga), code_at(time.time() + seconds)) is opens


def test_drift_is_learnt_up_to_five_minutes(olga):
    app = app_of(olga)
    moment = 1_800_000_015
    for step in range(1, MOST_DRIFT + 3):
        with time_machine.travel(moment, tick=False):
            drift = min(step, MOST_DRIFT + 1)
            accepted = totp_accepts(app, code_at(moment + 30 * drift))
            app.refresh_from_db()
            assert accepted is (step <= MOST_DRIFT + 1) or step > MOST_DRIFT + 1
            assert app.drift <= MOST_DRIFT
        moment += 300


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "0x1234"])
def test_what_is_no_code_is_refused(olga, code):
    assert not totp_accepts(app_of(olga), code)


def test_wrong_codes_make_the_next_try_wait(olga, act):
    app = app_of(olga)
    with time_machine.travel(time.time(), tick=False) as clock:
        for wait in (1, 2, 4, 8):
            with pytest.raises(CodeRefused, match="wrong"):
                code_check(act(olga), factor=app, code="000000")
            app.refresh_from_db()
            with pytest.raises(CodeRefused, match="Wait"):
                code_check(act(olga), factor=app, code=code_at())
            clock.shift(wait)
        code_check(act(olga), factor=app, code=code_at())
    app.refresh_from_db()
    assert app.throttling_failure_count == 0
    assert AuditEvent.objects.filter(verb="accounts.factor_refused").count() == 4


def test_account_is_locked_after_ten_wrong_codes(olga):
    app_of(olga)
    client = password_only(olga)
    with time_machine.travel(time.time(), tick=False) as clock:
        for turn in range(10):
            assert client.post(VERIFY, {"asked": 1, "code": "000000"}).status_code == 422
            clock.shift(2 ** min(turn, 4) if turn < 5 else 1)
            TotpDevice.objects.update(throttling_failure_count=0)
        answer = client.post(VERIFY, {"asked": 1, "code": code_at()})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_same_code_at_once_opens_once(olga, act):
    app = app_of(olga)
    code, results = code_at(), []
    barrier = threading.Barrier(4)

    def show():
        try:
            mine = TotpDevice.objects.get(pk=app.pk)
            barrier.wait()
            code_check(act(olga), factor=mine, code=code)
            results.append("passed")
        except Exception as error:  # noqa: BLE001
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results).count("passed") == 1, results
