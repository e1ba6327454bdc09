"""Recovery codes: shown once, each opens once."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection

from accounts.models import RecoveryCode, RecoveryCodes
from accounts.second_factor.factors import code_check
from accounts.second_factor.recovery import recovery_left
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, codes_of, password_only, verified

PAGE = "/accounts/second-factor/recovery-codes/"
VERIFY = "/accounts/second-factor/verify/"


def use(client, code):
    return client.post(VERIFY, {"asked": 1, "way": "recovery", "code": code})


def test_person_makes_ten_codes_sees_them_once(olga):
    app_of(olga)
    client = verified(olga)
    assert recovery_left(olga) == 0
    page = client.post(PAGE)
    codes = re.findall(r"\b[2-9b-df-hj-np-tv-z]{5}-[2-9b-df-hj-np-tv-z]{5}\b", page.text)
    assert len(set(codes)) == 10
    assert page["Cache-Control"].startswith("max-age=0")
    assert codes[0] not in client.get(PAGE).text
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM accounts_recoverycode")
        assert codes[0].replace("-", "") not in f"{cursor.fetchall()}"
    event = AuditEvent.objects.get(verb="accounts.recovery_codes_made")
    assert codes[0] not in f"{event.__dict__}"


def test_person_without_a_factor_has_no_codes(signed_in, olga):
    client = signed_in(olga)
    assert client.post(PAGE)["Location"] == "/accounts/second-factor/"
    assert not RecoveryCodes.objects.exists()


def test_code_opens_once_however_it_is_typed(olga):
    app_of(olga)
    first, *_ = codes_of(olga)
    assert use(password_only(olga), f" {first.upper().replace('-', ' ')} ")["Location"] == "/"
    again = use(password_only(olga), first)
    assert again.status_code == 422
    assert recovery_left(olga) == 9
    event = AuditEvent.objects.get(verb="accounts.recovery_code_used")
    assert event.data["left"] == 9


def test_new_codes_void_the_old_ones_and_keep_the_session(olga):
    app_of(olga)
    old = codes_of(olga)
    client = password_only(olga)
    use(client, old[0])
    client.post(PAGE)
    assert client.get("/").status_code == 200
    assert use(password_only(olga), old[1]).status_code == 422


def test_person_is_warned_when_few_are_left(olga):
    app_of(olga)
    codes = codes_of(olga)
    RecoveryCode.objects.filter(
        pk__in=RecoveryCode.objects.order_by("pk").values_list("pk", flat=True)[6:]
    ).delete()
    for code in codes[:3]:
        client = password_only(olga)
        assert use(client, code).status_code == 302
    assert "3 recovery codes are left." in client.get("/").text


def test_codes_of_others_open_nothing(olga, vera):
    app_of(olga)
    app_of(vera)
    codes_of(olga)
    assert use(password_only(olga), codes_of(vera)[0]).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_same_code_at_once_opens_once(olga, act):
    app_of(olga)
    code, results = codes_of(olga)[0], []
    barrier = threading.Barrier(4)

    def show():
        try:
            mine = RecoveryCodes.objects.get(user=olga)
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
    assert results.count("passed") == 1, results
