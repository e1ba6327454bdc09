"""The first operator: a link that works once and for a day, or two environment variables."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from tests.factories.accounts import PASSWORD, make_user

GIVEN = {"email": "first@example.org", "password": PASSWORD}


def printed_link() -> str:
    out = StringIO()
    call_command("first_operator_link", stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def path(db, settings):
    link = printed_link()
    assert link.startswith(f"{settings.PUBLIC_URL}/accounts/first-operator/")
    return link.removeprefix(settings.PUBLIC_URL)


def test_newcomer_follows_link_is_signed_in_on_the_dashboard(client, path):
    assert "Create the first operator" in client.get(path).text
    response = client.post(path, GIVEN)
    assert response["Location"] == "/"
    assert client.get("/").status_code == 200
    operator = User.objects.get()
    assert (operator.email, operator.is_superuser) == ("first@example.org", True)


def test_link_works_once(client, path):
    client.post(path, GIVEN)
    for response in (client.get(path), client.post(path, {**GIVEN, "email": "b@example.org"})):
        assert response.status_code == 404
        assert "This link is used up" in response.text
    assert User.objects.count() == 1


def test_other_links_printed_before_are_void_too(client, path, settings):
    other = printed_link().removeprefix(settings.PUBLIC_URL)
    client.post(path, GIVEN)
    assert client.get(other).status_code == 404


def test_link_ends_after_a_day(client, path):
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert client.post(path, GIVEN).status_code == 404
    assert not User.objects.exists()


@pytest.mark.parametrize("change", [("0", "1"), ("a", "b"), ("-", "_")])
def test_tampered_link_opens_nothing(client, path, change):
    head, _, token = path.rstrip("/").rpartition("/")
    forged = token[:-4] + token[-4:].translate(str.maketrans(*change))
    forged = forged if forged != token else f"9{token[1:]}"
    assert client.post(f"{head}/{forged}/", GIVEN).status_code == 404
    assert not User.objects.exists()


def test_weak_password_is_refused_with_the_reason(client, path):
    page = client.post(path, {**GIVEN, "password": "first@example"})
    assert page.status_code == 200
    assert "too similar to the e-mail address" in page.text
    assert not User.objects.exists()


def test_somebody_is_there_command_prints_nothing(db):
    make_user("olga")
    assert printed_link() == ""


def test_environment_names_the_operator_command_creates_them(db, settings, client):
    settings.BOOTSTRAP_EMAIL, settings.BOOTSTRAP_PASSWORD = "Boss@Example.org", PASSWORD
    assert printed_link() == ""
    assert printed_link() == ""
    operator = User.objects.get()
    assert operator.email == "boss@example.org"
    assert operator.check_password(PASSWORD)


def test_environment_holds_a_weak_password_command_says_so(db, settings):
    settings.BOOTSTRAP_EMAIL, settings.BOOTSTRAP_PASSWORD = "boss@example.org", "hunter2"
    with pytest.raises(CommandError, match=r"THINX_BOOTSTRAP_PASSWORD: .*too short") as refused:
        printed_link()
    assert "hunter2" not in str(refused.value)
    assert not User.objects.exists()
