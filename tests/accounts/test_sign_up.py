"""Making an account: the form, the mail, the link, the password, the first page."""

from __future__ import annotations

import datetime as dt
import re
import threading
from importlib import import_module

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, Organization, User
from accounts.services.invitations import invitation_send
from accounts.services.sign_up import person_activate, person_sign_up, unactivated_sweep
from audit.models import AuditEvent
from core.exceptions import Conflict
from tests.factories.accounts import PASSWORD
from tests.support.outbox import last_mail, links_in, mails_to

URL = "/accounts/sign-up/"
SENT = "/accounts/sign-up/sent/"
NEW = {
    "email": "Nina@Example.org",
    "username": "nina",
    "first_name": "Nina",
    "last_name": "Novak",
}
CHOSEN = {"new_password1": PASSWORD, "new_password2": PASSWORD}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def sign_up(client, django_capture_on_commit_callbacks):
    """Send the form; return the answer."""

    def send(browser: Client = client, **changed):
        with django_capture_on_commit_callbacks(execute=True):
            return browser.post(URL, {**NEW, **changed})

    return send


def link_path(settings, to="nina@example.org") -> str:
    link = links_in(last_mail(to))[0]
    assert link.startswith(settings.PUBLIC_URL)
    return link.removeprefix(settings.PUBLIC_URL)


def test_newcomer_signs_up_follows_the_link_and_is_on_the_dashboard(client, sign_up, settings):
    assert sign_up()["Location"] == SENT
    assert "nina@example.org" in client.get(SENT).text
    path = link_path(settings)
    assert "nina@example.org is yours" in client.get(path).text
    response = client.post(path, CHOSEN)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "Create an API key" in client.get("/").text
    person = User.objects.get()
    assert (person.email, person.username, f"{person}") == (
        "nina@example.org",
        "nina",
        "Nina Novak",
    )
    organization = Organization.objects.get(memberships__user=person)
    assert (organization.is_personal, len(organization.owner_id)) == (True, 64)
    assert Membership.objects.get(user=person).role == "admin"
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[:3] == ["accounts.user_created", "accounts.signed_up", "accounts.activated"]
    signed_in = AuditEvent.objects.get(verb="accounts.signed_in")
    assert signed_in.data["method"] == "Link by mail"


def test_newcomer_without_following_the_link_cannot_sign_in(client, sign_up):
    sign_up()
    answer = client.post("/accounts/sign-in/", {"username": "nina", "password": ""})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_unconfirmed_person_with_the_right_password_is_told_and_mailed_a_link(
    client, sign_up, django_capture_on_commit_callbacks
):
    sign_up()
    person = User.objects.get()
    person.set_password(PASSWORD)
    person.save()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/accounts/sign-in/", {"username": "nina", "password": PASSWORD})
    assert answer["Location"] == SENT
    assert "Your account opens once you have followed it" in client.get(SENT).text
    assert "_auth_user_id" not in client.session
    assert mails_to("nina@example.org") == ["Activate your account"]


def test_link_works_once(client, sign_up, settings):
    sign_up()
    path = link_path(settings)
    client.post(path, CHOSEN)
    for again in (client.get(path), Client().post(path, CHOSEN)):
        assert again.status_code == 404
        assert "This link is used up" in again.text


def test_link_ends_after_three_days(client, sign_up, settings):
    sign_up()
    path = link_path(settings)
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("junk", ["x", "a:b:c", "../../etc", "%00"])
def test_forged_link_opens_nothing(client, junk):
    assert client.get(f"/accounts/activate/{junk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_follow_the_link_at_once_exactly_one_password_counts():
    person = person_sign_up(Actor(), email="nina@example.org", username="nina")
    address = EmailAddress.objects.get(user=person)
    won, lost = [], []

    def follow(password: str) -> None:
        try:
            person_activate(Actor(), address=address, password=password)
            won.append(password)
        except Conflict as error:
            lost.append(error.code)
        finally:
            connection.close()

    passwords = [f"staple {n} battery horse" for n in range(4)]
    threads = [threading.Thread(target=follow, args=[each]) for each in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    person.refresh_from_db()
    assert (len(won), lost) == (1, ["accounts.link_used"] * 3)
    assert person.check_password(won[0])


def test_weak_password_is_refused_and_the_link_stays_good(client, sign_up, settings):
    sign_up()
    path = link_path(settings)
    page = client.post(path, {"new_password1": "password1", "new_password2": "password1"})
    assert page.status_code == 200
    assert client.get(path).status_code == 200


def test_address_with_an_account_gets_a_mail_and_the_page_is_the_same(client, sign_up, olga):
    known = sign_up(email="OLGA@example.org")
    shown = client.get(SENT).text
    other = Client()
    new = sign_up(other)
    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    main = re.compile(r"<main.*</main>", re.S)
    said = main.search(shown)[0].replace("olga@", "nina@")
    assert said == main.search(other.get(SENT).text)[0]
    assert mails_to("olga@example.org") == ["You have an account already"]
    assert User.objects.filter(email="olga@example.org").count() == 1


@pytest.mark.parametrize("name", ["olga", "OLGA", "olga@example.org", "a b", "ol/ga", ""])
def test_user_name_that_is_taken_or_looks_like_an_address_is_refused(client, sign_up, olga, name):
    page = sign_up(username=name)
    assert page.status_code == 200
    assert not User.objects.filter(email="nina@example.org").exists()
    assert not mail.outbox


def test_mail_carries_no_words_of_whoever_filled_in_the_form(sign_up):
    sign_up(first_name="Win a prize at https://evil.example")
    sent = last_mail("nina@example.org")
    assert "evil.example" not in sent.text + sent.html


def test_link_in_the_mail_is_never_made_of_the_host_header(client, sign_up, settings):
    settings.ALLOWED_HOSTS = ["*"]
    with_header = Client(HTTP_HOST="evil.example")
    sign_up(with_header)
    assert "evil.example" not in last_mail("nina@example.org").text


def test_new_link_is_sent_again_only_where_one_is_awaited(
    client, sign_up, olga, django_capture_on_commit_callbacks
):
    sign_up()
    mail.outbox.clear()
    answers = []
    for email in ("nina@example.org", "olga@example.org", "nobody@example.org"):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post("/accounts/sign-up/again/", {"email": email})
        answers.append((answer.status_code, answer["Location"]))
    assert set(answers) == {(302, SENT)}
    assert [sent.to for sent in mail.outbox] == [["nina@example.org"]]


def test_asking_for_a_link_too_often_is_429(client, sign_up):
    sign_up()
    for _ in range(5):
        answer = client.post("/accounts/sign-up/again/", {"email": "nina@example.org"})
        assert answer.status_code == 302
    refused = client.post("/accounts/sign-up/again/", {"email": "nina@example.org"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600


def test_many_sign_ups_from_one_address_end(client, sign_up):
    for n in range(20):
        assert sign_up(Client(), email=f"p{n}@example.org", username=f"p{n}").status_code == 302
    refused = sign_up(Client(), email="last@example.org", username="last")
    assert refused.status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert sign_up(elsewhere, email="last@example.org", username="last").status_code == 302


@pytest.mark.parametrize(
    ("policy", "public_url", "status"),
    [
        ("open", "https://console.example", 200),
        ("closed", "http://127.0.0.1:7442", 403),
        ("invited", "http://127.0.0.1:7442", 403),
        ("", "http://127.0.0.1:7442", 200),
        ("", "https://console.example", 403),
    ],
)
def test_operator_decides_who_may_sign_up(client, settings, sign_up, policy, public_url, status):
    settings.SIGN_UP, settings.PUBLIC_URL = policy, public_url
    assert client.get(URL).status_code == status
    assert sign_up().status_code == (302 if status == 200 else 403)
    assert User.objects.exists() == (status == 200)
    link = 'href="/accounts/sign-up/"'
    assert (link in client.get("/accounts/sign-in/").text) == (status == 200)


def test_invited_person_may_sign_up_where_nobody_else_may(
    client, settings, sign_up, system, alice, acme, django_capture_on_commit_callbacks
):
    settings.SIGN_UP = "invited"
    session = client.session
    session["invitation"] = "what no invitation has"
    session.save()
    assert client.get(URL).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        invitation_send(system, organization=acme, email="new@example.org", role="viewer")
    client.get(links_in(last_mail("new@example.org"))[0])
    page = client.get(URL)
    assert page.status_code == 200
    assert 'value="new@example.org"' in page.text
    assert "Your invitation is for new@example.org." in sign_up().text
    assert not User.objects.filter(username="nina").exists()
    assert sign_up(email="New@example.org").status_code == 302


def test_invited_person_comes_to_the_invitation_from_another_browser_too(
    client, settings, sign_up, act, alice, acme, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        invitation_send(act(alice), organization=acme, email="nina@example.org", role="viewer")
    sign_up()
    elsewhere = Client()
    answer = elsewhere.post(link_path(settings), CHOSEN)
    assert answer["Location"] == "/accounts/invitation/"
    page = elsewhere.get(answer["Location"]).text
    assert "Join Acme" in page
    elsewhere.post(answer["Location"], {"accept": "1"})
    person = User.objects.get(username="nina")
    assert Membership.objects.get(organization=acme, user=person).role == "viewer"


def test_newcomer_goes_on_to_where_they_came_from(client, sign_up, settings):
    client.get(f"{URL}?next=/devices/")
    sign_up(next="/devices/")
    assert client.post(link_path(settings), CHOSEN)["Location"] == "/devices/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_sign_up_never_leads_to_another_site(client, sign_up, settings, target):
    sign_up(next=target)
    assert client.post(link_path(settings), CHOSEN)["Location"] == "/"


def test_signed_in_person_needs_no_second_account(signed_in, olga):
    assert signed_in(olga).get(URL)["Location"] == "/"


def test_account_that_nobody_activated_is_forgotten_after_a_week(sign_up, olga):
    sign_up()
    assert unactivated_sweep() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        assert unactivated_sweep() == 1
    assert list(User.objects.values_list("username", flat=True)) == ["olga"]
    assert not Organization.objects.filter(name="nina").exists()
    assert AuditEvent.objects.filter(verb="accounts.signed_up").exists()


def test_people_of_before_and_the_first_operator_count_as_confirmed(olga, root):
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == 2


def test_people_from_before_sign_up_keep_their_way_in(client, olga, alice):
    """The migration confirms the addresses of an installation that had no sign-up."""
    EmailAddress.objects.all().delete()
    import_module("accounts.migrations.0004_verified_addresses").confirm_all(apps, None)
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == 2
    signing = {"username": "olga", "password": PASSWORD}
    assert client.post("/accounts/sign-in/", signing)["Location"] == "/"
