"""Open sign-ins: who is listed, and what ending one does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.browsers import browser_in_words
from accounts.models import SignIn
from accounts.selectors.sign_ins import open_sign_ins
from accounts.services.sign_ins import sign_ins_end, sign_ins_prune
from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD
from tests.support.queries import queries_of

URL = "/accounts/sign-ins/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def sign_in(user, agent=FIREFOX, address="192.0.2.7") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    answer = client.post("/accounts/sign-in/", {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def is_open(client) -> bool:
    return client.get(URL).status_code == 200


def test_person_sees_browser_address_and_which_one_is_this(olga):
    here = sign_in(olga)
    sign_in(olga, agent="curl/8.1", address="198.51.100.9")
    page = here.get(URL).text
    assert "Firefox 133 on Linux" in page
    assert "curl 8" in page
    assert "192.0.2.7" in page
    assert "198.51.100.9" in page
    assert page.index("Firefox 133") < page.index("This session") < page.index("curl 8")


def test_sign_ins_of_others_are_not_listed(olga, vera):
    sign_in(vera, agent="curl/8.1")
    assert "curl 8" not in sign_in(olga).get(URL).text


def test_ended_session_is_refused_and_the_rest_stays(olga):
    here, there = sign_in(olga), sign_in(olga, agent="curl/8.1")
    ended = SignIn.objects.get(user=olga, user_agent="curl/8.1")
    answer = here.post(f"{URL}{ended.uid}/end/", follow=True)
    assert "The session of curl 8 is ended." in answer.text
    assert (is_open(here), is_open(there)) == (True, False)
    assert not Session.objects.filter(session_key=ended.session_key).exists()
    event = AuditEvent.objects.get(verb="accounts.sign_in_ended")
    assert event.actor == olga.email
    assert event.data["browser"] == "curl 8"


def test_end_all_others_keeps_only_this_one(olga):
    here, *others = [sign_in(olga) for _ in range(3)]
    assert "2 other sessions ended." in here.post(f"{URL}end-others/", follow=True).text
    assert is_open(here)
    assert not any(is_open(client) for client in others)
    assert "There is no other session." in here.post(f"{URL}end-others/", follow=True).text


def test_sign_in_of_somebody_else_is_404(olga, mallory):
    sign_in(olga)
    theirs = SignIn.objects.get(user=olga)
    assert sign_in(mallory).post(f"{URL}{theirs.uid}/end/").status_code == 404
    assert open_sign_ins(olga).count() == 1


def test_stranger_is_sent_to_sign_in(client, db):
    assert client.get(URL)["Location"] == f"/accounts/sign-in/?next={URL}"


def test_signing_out_takes_the_sign_in_off_the_list(olga):
    client = sign_in(olga)
    client.post("/accounts/sign-out/")
    assert not SignIn.objects.filter(user=olga).exists()


def test_signing_in_again_in_the_same_browser_is_one_row(olga):
    client = sign_in(olga)
    client.post("/accounts/sign-out/")
    client.post("/accounts/sign-in/", {"username": olga.email, "password": PASSWORD})
    assert SignIn.objects.filter(user=olga).count() == 1


def test_password_change_ends_the_other_rows_and_keeps_its_own(olga):
    here, there = sign_in(olga), sign_in(olga)
    new = "staple battery horse"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/accounts/password/", data).status_code == 302
    assert open_sign_ins(olga).count() == 1
    assert "This session" in here.get(URL).text
    assert not is_open(there)


def test_last_use_is_written_once_a_minute(olga, django_assert_num_queries):
    start = timezone.now()
    client = sign_in(olga)
    first = SignIn.objects.get(user=olga).last_used_at
    client.get(URL)
    assert SignIn.objects.get(user=olga).last_used_at == first
    cache.clear()  # a locmem entry does not see the travelling clock
    with time_machine.travel(start + timedelta(minutes=2), tick=False):
        client.get(URL, REMOTE_ADDR="203.0.113.5")
    row = SignIn.objects.get(user=olga)
    assert row.last_used_at > first + timedelta(seconds=100)
    assert row.address == "203.0.113.5"


def test_a_cache_that_forgets_does_not_write_more_often(olga):
    client = sign_in(olga)
    first = SignIn.objects.get(user=olga).last_used_at
    cache.clear()
    client.get(URL)
    assert SignIn.objects.get(user=olga).last_used_at == first


def test_session_from_before_the_list_gets_a_row(signed_in, olga):
    client = signed_in(olga)
    SignIn.objects.all().delete()
    session = client.session
    del session["sign_in"]
    session.save()
    assert "This session" in client.get(URL).text or open_sign_ins(olga).count() == 1


def test_list_costs_the_same_with_one_and_with_ten(olga):
    client = sign_in(olga)
    client.get(URL)
    one = queries_of(client, URL)
    for _ in range(9):
        sign_in(olga)
    assert queries_of(client, URL) == one


def test_beat_drops_rows_whose_session_is_gone_or_over(olga):
    client = sign_in(olga)
    sign_in(olga)
    gone, over = SignIn.objects.filter(user=olga)
    Session.objects.filter(session_key=gone.session_key).delete()
    assert open_sign_ins(olga).count() == 1
    assert sign_ins_prune() == 1
    Session.objects.filter(session_key=over.session_key).update(expire_date=timezone.now())
    assert sign_ins_prune() == 1
    assert not Session.objects.exists()
    assert client.get(URL).status_code == 302


def test_support_ends_every_session_of_a_person(olga, vera, system):
    clients = [sign_in(olga), sign_in(olga)]
    bystander = sign_in(vera)
    assert sign_ins_end(system, user=olga) == 2
    assert not any(is_open(client) for client in clients)
    assert is_open(bystander)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (FIREFOX, "Firefox 133 on Linux"),
        ("", "Unknown browser"),
        ("something odd/1 that nobody knows and is very long indeed", None),
        ("\x00" * 300, None),
    ],
)
def test_every_header_has_words(header, words):
    found = browser_in_words(header)
    assert found
    assert len(found) < 60
    assert words is None or found == words
