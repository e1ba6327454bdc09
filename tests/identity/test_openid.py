"""Sign-in by any OpenID provider, against one of our own: who is let in, and who is not."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from accounts.services import user_create
from accounts.services.invitations import invitation_send
from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD, make_user
from tests.identity.conftest import Traveller
from tests.support.outbox import last_mail, links_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("corp")]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def failed(response) -> bool:
    return response.status_code == 401 and "Sign-in failed" in response.text


def test_new_person_signs_in_gets_an_account_and_an_organization(traveller):
    answer = traveller.sign_in()
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert traveller.client.get("/").status_code == 200
    person = User.objects.get()
    assert (person.email, person.username, f"{person}") == (
        "nina@example.org",
        "nina",
        "Nina Novak",
    )
    assert not person.has_usable_password()
    assert EmailAddress.objects.get().verified
    assert Organization.objects.get(memberships__user=person).is_personal
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"accounts.signed_up", "accounts.activated", "accounts.signed_in"} <= verbs
    assert AuditEvent.objects.get(verb="accounts.signed_in").data["method"] == "Corp"


def test_person_comes_back_to_the_same_account_though_the_address_changed(traveller, provider):
    traveller.sign_in()
    provider.claims["email"] = "nina.novak@example.org"
    again = Traveller(Client())
    again.sign_in()
    assert is_signed_in(again.client)
    assert User.objects.count() == 1


def test_button_is_there_for_what_is_set_up_alone(client, settings):
    page = client.get("/accounts/sign-in/").text
    assert "Continue with Corp" in page
    assert "GitHub" not in page
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Continue with" not in client.get("/accounts/sign-in/").text


def test_person_goes_on_to_where_they_wanted_to(traveller):
    assert traveller.sign_in(next="/devices/")["Location"] == "/devices/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
def test_provider_sign_in_never_leads_to_another_site(traveller, target):
    assert traveller.sign_in(next=target)["Location"] == "/"


def test_sign_in_by_a_link_of_another_site_is_refused(client):
    assert client.get("/accounts/with/corp/start/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/accounts/with/corp/start/").status_code == 403


def test_forged_state_is_refused(traveller, provider):
    back = traveller.at_provider(traveller.leave())
    state = back.partition("state=")[2].partition("&")[0]
    assert failed(traveller.client.get(back.replace(state, "forged")))
    assert not is_signed_in(traveller.client)
    assert "/token" not in provider.asked


def test_answer_to_another_browser_is_refused(traveller):
    back = traveller.at_provider(traveller.leave())
    victim = Client()
    assert failed(victim.get(back))
    assert not is_signed_in(victim)


def test_answer_works_once(traveller):
    back = traveller.at_provider(traveller.leave())
    traveller.client.get(back)
    traveller.client.logout()
    assert failed(traveller.client.get(back))


def test_token_made_for_another_sign_in_is_refused(traveller, provider):
    provider.token_claims = {"nonce": "of another sign-in"}
    assert traveller.sign_in()["Location"] == "/accounts/with/failed/"
    assert not is_signed_in(traveller.client)
    assert not User.objects.exists()


def test_code_without_the_verifier_of_this_browser_is_refused(traveller, provider, query_of):
    there = traveller.leave()
    asked = query_of(there)
    assert asked["code_challenge_method"] == "S256"
    stolen = there.replace(asked["code_challenge"], "A" * 43)
    assert failed(traveller.client.get(traveller.at_provider(stolen)))


def test_token_signed_by_another_key_is_refused(traveller, provider):
    provider.published_key = rsa.generate_private_key(65537, 2048)
    assert failed(traveller.sign_in())
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://other.example"},
        {"aud": "another console"},
        {"exp": 1},
        {"sub": "somebody-else"},
    ],
)
def test_token_of_another_issuer_audience_time_or_person_is_refused(traveller, provider, lie):
    provider.token_claims = lie
    assert failed(traveller.sign_in())
    assert not User.objects.exists()


def test_person_who_says_no_is_told_that_nothing_happened(traveller, provider):
    provider.refuses = True
    answer = traveller.sign_in()
    assert answer["Location"] == "/accounts/with/cancelled/"
    assert "nothing happened here" in traveller.client.get(answer["Location"]).text


def test_provider_that_is_away_is_said_on_the_sign_in_page(client, corp):
    corp["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = client.post("/accounts/with/corp/start/")
    assert answer["Location"] == "/accounts/sign-in/"
    assert "Corp does not answer." in client.get("/accounts/sign-in/").text


def test_verified_address_opens_the_account_that_has_it(traveller, provider):
    person = make_user("nina")
    traveller.sign_in()
    assert is_signed_in(traveller.client)
    assert SocialAccount.objects.get().user == person
    assert AuditEvent.objects.filter(verb="accounts.provider_linked").exists()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_address_that_the_provider_did_not_verify_opens_nothing(
    traveller, provider, django_capture_on_commit_callbacks
):
    make_user("nina")
    provider.claims["email_verified"] = False
    with django_capture_on_commit_callbacks(execute=True):
        answer = traveller.sign_in()
    assert answer["Location"] == "/accounts/sign-up/sent/"
    assert not is_signed_in(traveller.client)
    assert not SocialAccount.objects.exists()
    assert [sent.subject for sent in mail.outbox] == ["You have an account already"]


def test_address_that_nobody_confirmed_here_opens_nothing(traveller, system):
    planted = user_create(
        system, email="nina@example.org", username="planted", password=PASSWORD, is_verified=False
    )
    traveller.sign_in()
    assert not is_signed_in(traveller.client)
    assert not SocialAccount.objects.filter(user=planted).exists()


def test_new_person_of_an_unverified_address_confirms_it_first(
    traveller, provider, settings, django_capture_on_commit_callbacks
):
    provider.claims["email_verified"] = False
    with django_capture_on_commit_callbacks(execute=True):
        assert traveller.sign_in()["Location"] == "/accounts/sign-up/sent/"
    assert not is_signed_in(traveller.client)
    link = links_in(last_mail("nina@example.org"))[0].removeprefix(settings.PUBLIC_URL)
    assert "Password" not in traveller.client.get(link).text
    traveller.client.post(link)
    traveller.sign_in()
    assert is_signed_in(traveller.client)


def test_person_without_an_address_is_asked_for_one(
    traveller, provider, django_capture_on_commit_callbacks
):
    provider.claims.pop("email")
    answer = traveller.sign_in()
    assert answer["Location"] == "/accounts/with/finish/"
    assert "Finish your account" in traveller.client.get(answer["Location"]).text
    filled = {"email": "Nina@example.org", "username": "nina"}
    with django_capture_on_commit_callbacks(execute=True):
        done = traveller.client.post(answer["Location"], filled)
    assert done["Location"] == "/accounts/sign-up/sent/"
    assert User.objects.get().email == "nina@example.org"
    assert not is_signed_in(traveller.client)


def test_taken_user_name_gets_another_one(traveller):
    make_user("nina")
    User.objects.filter(username="nina").update(email="other@example.org")
    EmailAddress.objects.update(email="other@example.org")
    traveller.sign_in()
    assert User.objects.get(email="nina@example.org").username.startswith("nina-")


def test_closed_console_takes_nobody_new_but_those_it_knows(traveller, settings):
    settings.SIGN_UP = "closed"
    assert "No sign-up here" in traveller.sign_in().text
    assert not User.objects.exists()
    make_user("nina")
    traveller.sign_in()
    assert is_signed_in(traveller.client)


def test_company_provider_may_make_accounts_where_nobody_else_may(traveller, settings, corp):
    settings.SIGN_UP = "closed"
    corp["settings"]["sign_up"] = True
    traveller.sign_in()
    assert is_signed_in(traveller.client)


def test_invitation_lets_its_addressee_in_by_a_provider_and_nobody_else(
    traveller, settings, system, alice, acme
):
    settings.SIGN_UP = "invited"
    for email, is_let_in in (("somebody@example.org", False), ("nina@example.org", True)):
        invitation = invitation_send(system, organization=acme, email=email, role="viewer")
        session = traveller.client.session
        session["invitation"] = invitation.digest
        session.save()
        traveller.sign_in()
        assert is_signed_in(traveller.client) == is_let_in


def test_closed_account_stays_closed(traveller):
    traveller.sign_in()
    User.objects.update(is_active=False)
    again = Traveller(Client())
    assert again.sign_in()["Location"] == "/accounts/sign-in/"
    assert not is_signed_in(again.client)
    assert "This account is closed." in again.client.get("/accounts/sign-in/").text


def test_nothing_of_the_exchange_is_kept(traveller, provider, caplog):
    traveller.sign_in()
    kept = f"{list(SocialAccount.objects.values())}{list(AuditEvent.objects.values())}{caplog.text}"
    for secret in (*provider.tokens, "provider-secret"):
        assert secret not in kept


def test_session_gets_another_key(traveller):
    traveller.leave()
    before = traveller.client.session.session_key
    traveller.sign_in()
    assert traveller.client.session.session_key != before


def test_second_factor_is_still_asked(traveller, provider):
    traveller.sign_in()
    User.objects.update(second_factor_at=timezone.now())
    again = Traveller(Client())
    again.sign_in()
    assert again.client.get("/devices/")["Location"].startswith("/accounts/second-factor/")
