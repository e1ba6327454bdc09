"""A lost password: a link by mail, once, and nobody learns who has an account."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.services.password_reset import password_reset
from audit.models import AuditEvent
from core.exceptions import Conflict
from tests.factories.accounts import PASSWORD, make_user
from tests.support.outbox import last_mail, links_in, mails_to

URL = "/accounts/password/reset/"
SENT = "/accounts/password/reset/sent/"
NEW = "staple battery horse"
CHOSEN = {"new_password1": NEW, "new_password2": NEW}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def ask(client, django_capture_on_commit_callbacks):
    """Ask for a link; return the answer."""

    def send(name="olga@example.org"):
        # Twice: the worker's own mail is handed over when its transaction commits.
        with (
            django_capture_on_commit_callbacks(execute=True),
            django_capture_on_commit_callbacks(execute=True),
        ):
            return client.post(URL, {"name": name})

    return send


def link_path(settings) -> str:
    return links_in(last_mail("olga@example.org"))[0].removeprefix(settings.PUBLIC_URL)


def form_of(client, path: str) -> str:
    """Open the link; return where its form is."""
    opened = client.get(path)
    assert opened.status_code == 302
    assert opened["Location"].endswith("/set-password/")
    return opened["Location"]


def choose(client, path: str):
    return client.post(form_of(client, path), CHOSEN)


@pytest.mark.parametrize("name", ["olga@example.org", "OLGA", " olga "])
def test_person_chooses_a_new_password_by_the_mailed_link(client, ask, olga, settings, name):
    assert ask(name)["Location"] == SENT
    answer = choose(client, link_path(settings))
    assert answer["Location"] == "/accounts/sign-in/"
    assert "Your new password is set" in client.get("/accounts/sign-in/").text
    olga.refresh_from_db()
    assert olga.check_password(NEW)
    assert AuditEvent.objects.filter(verb="accounts.reset_asked").count() == 1
    assert AuditEvent.objects.filter(verb="accounts.reset_done").count() == 1
    assert NEW not in f"{list(AuditEvent.objects.values())}"


def test_answer_is_the_same_for_everybody(client, ask, olga):
    closed = make_user("closed")
    closed.is_active = False
    closed.save()
    answers = {
        (answer.status_code, answer["Location"])
        for answer in map(ask, ("olga", "nobody@example.org", "closed@example.org", "x" * 200))
    }
    assert answers == {(302, SENT)}
    assert [sent.to for sent in mail.outbox] == [["olga@example.org"]]


def test_request_looks_nobody_up_so_its_time_tells_nothing(client, olga):
    """The worker does; here it is kept from running at once."""
    from django.test.utils import CaptureQueriesContext

    counts = []
    for name in ("olga@example.org", "nobody@example.org"):
        with CaptureQueriesContext(connection) as asked:
            client.post(URL, {"name": name})
        counts.append([query["sql"] for query in asked])
        assert not any("accounts_user" in query for query in counts[-1])
    assert len(counts[0]) == len(counts[1])


def test_every_session_ends(client, signed_in, ask, olga, settings):
    there = signed_in(olga)
    ask()
    choose(client, link_path(settings))
    assert there.get("/accounts/profile/").status_code == 302


def test_link_works_once(client, ask, olga, settings):
    ask()
    path = link_path(settings)
    choose(client, path)
    again = Client().get(path)
    assert again.status_code == 404
    assert "This link is used up" in again.text


def test_link_is_void_once_the_person_signed_in(client, ask, olga, settings):
    ask()
    client.post("/accounts/sign-in/", {"username": "olga", "password": PASSWORD})
    assert Client().get(link_path(settings)).status_code == 404


def test_link_ends_after_two_hours(client, ask, olga, settings):
    ask()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2, minutes=1)):
        assert client.get(link_path(settings)).status_code == 404


def test_link_of_another_person_opens_nothing(client, ask, olga, alice, settings):
    ask()
    path = link_path(settings).replace(f"{olga.uid}", f"{alice.uid}")
    assert client.get(path).status_code == 404


def test_link_shows_no_primary_key(ask, olga, settings):
    ask()
    assert link_path(settings).startswith(f"/accounts/password/{olga.uid}/")


def test_weak_password_is_refused_and_the_link_stays_good(client, ask, olga, settings):
    ask()
    path = form_of(client, link_path(settings))
    page = client.post(path, {"new_password1": "olga", "new_password2": "olga"})
    assert page.status_code == 200
    assert client.post(path, CHOSEN).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_use_the_link_at_once_exactly_one_wins():
    person = make_user("olga")
    token = default_token_generator.make_token(person)
    won, lost = [], []

    def use(password: str) -> None:
        try:
            password_reset(Actor(), person=person, token=token, password=password)
            won.append(password)
        except Conflict as error:
            lost.append(error.code)
        finally:
            connection.close()

    passwords = [f"staple {n} battery horse" for n in range(4)]
    threads = [threading.Thread(target=use, args=[each]) for each in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    person.refresh_from_db()
    assert (len(won), lost) == (1, ["accounts.link_used"] * 3)
    assert person.check_password(won[0])


def test_person_is_told_that_the_password_was_changed(
    client, ask, olga, settings, django_capture_on_commit_callbacks
):
    ask()
    path = form_of(client, link_path(settings))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(path, CHOSEN)
    assert mails_to("olga@example.org")[-1] == "Your password was changed"


def test_asking_too_often_is_429_for_known_and_unknown_alike(ask, olga):
    for name in ("olga@example.org", "nobody@example.org"):
        for _ in range(5):
            assert ask(name).status_code == 302
        assert ask(name).status_code == 429


def test_unconfirmed_person_gets_the_activation_link_instead(
    client, ask, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/sign-up/", {"email": "nina@example.org", "username": "nina"})
    ask("nina")
    assert mails_to("nina@example.org") == ["Activate your account"] * 2
