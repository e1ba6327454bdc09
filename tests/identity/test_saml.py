"""Sign-in by SAML, against an identity provider of our own that signs with xmlsec."""

from __future__ import annotations

import base64

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import User
from tests.factories.accounts import make_user
from tests.support.saml import ENTITY, MAIL, SSO, IdentityProvider
from thinx_console.settings.identity import origin_of, saml_app

ACS = "/accounts/with/saml/acme/acs/"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made():
    return IdentityProvider()


@pytest.fixture
def idp(made, settings):
    """The provider, set up as THINX_SAML_PROVIDERS would do it."""
    made.__post_init__()
    entry = {"id": "acme", "name": "Acme", "metadata": made.metadata(), "verified_email": True}
    settings.SOCIALACCOUNT_PROVIDERS = {"saml": {"APPS": [saml_app(entry)]}}
    return made


@pytest.fixture
def visitor():
    return Client(HTTP_HOST="testserver")


def leave(visitor) -> str:
    answer = visitor.post("/accounts/with/acme/start/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{SSO}?SAMLRequest=")
    return answer["Location"]


def come_back(visitor, response: str):
    """Post the answer as the provider's page does: without our session cookie, being Lax."""
    kept = visitor.cookies.pop("thinx_session", None)
    landed = visitor.post(ACS, {"SAMLResponse": response, "RelayState": "/"})
    if kept is not None:
        visitor.cookies["thinx_session"] = kept.value
    return visitor.get(landed["Location"])


def has_failed(answer) -> bool:
    return answer.status_code == 401 or answer["Location"] == "/accounts/with/failed/"


def is_signed_in(visitor) -> bool:
    return "_auth_user_id" in visitor.session


def test_new_person_signs_in_gets_an_account(idp, visitor):
    answer = come_back(visitor, idp.answer(leave(visitor)))
    assert answer["Location"] == "/"
    assert is_signed_in(visitor)
    person = User.objects.get()
    assert (person.email, f"{person}") == ("nina@example.org", "Nina Novak")
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("acme", "nina@idp.example")


def test_verified_address_opens_the_account_that_has_it(idp, visitor):
    person = make_user("nina")
    come_back(visitor, idp.answer(leave(visitor)))
    assert visitor.session["_auth_user_id"] == f"{person.pk}"


def test_provider_without_word_on_addresses_opens_no_account(idp, visitor, settings):
    settings.SOCIALACCOUNT_PROVIDERS["saml"]["APPS"][0]["settings"].pop("verified_email")
    make_user("nina")
    come_back(visitor, idp.answer(leave(visitor)))
    assert not is_signed_in(visitor)
    assert not SocialAccount.objects.exists()


def test_answer_without_a_signature_is_refused(idp, visitor):
    assert come_back(visitor, idp.answer(leave(visitor), sign=False)).status_code == 401
    assert not User.objects.exists()


def test_answer_of_another_key_is_refused(idp, visitor):
    forger = IdentityProvider()
    assert come_back(visitor, forger.answer(leave(visitor))).status_code == 401
    assert not User.objects.exists()


def test_answer_changed_on_the_way_is_refused(idp, visitor):
    xml = base64.b64decode(idp.answer(leave(visitor)))
    changed = base64.b64encode(xml.replace(b"nina@example.org", b"root@example.org")).decode()
    assert come_back(visitor, changed).status_code == 401
    assert not User.objects.exists()


def test_assertion_wrapped_around_a_signed_one_is_refused(idp, visitor):
    """Signature wrapping: the signed response goes along, another assertion comes first."""
    xml = base64.b64decode(idp.answer(leave(visitor))).decode()
    start, end = xml.index("<saml:Assertion "), xml.index("</saml:Assertion>") + 17
    evil = xml[start:end].replace("nina@example.org", "root@example.org").replace('ID="_', 'ID="_x')
    wrapped = base64.b64encode((xml[:start] + evil + xml[start:]).encode()).decode()
    assert come_back(visitor, wrapped).status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"audience": "https://other.example/"},
        {"acs": "https://other.example/acs/"},
        {"in_response_to": ""},
        {"in_response_to": "ONELOGIN_of_another_sign_in"},
        {"age": "900"},
    ],
)
def test_answer_to_another_console_request_or_time_is_refused(idp, visitor, changed):
    answer = come_back(visitor, idp.answer(leave(visitor), **changed))
    assert has_failed(answer)
    assert not User.objects.exists()


def test_answer_to_another_browser_is_refused(idp, visitor):
    response = idp.answer(leave(visitor))
    victim = Client(HTTP_HOST="testserver")
    assert has_failed(come_back(victim, response))
    assert not is_signed_in(victim)


def test_answer_works_once(idp, visitor):
    response = idp.answer(leave(visitor))
    come_back(visitor, response)
    visitor.logout()
    assert has_failed(come_back(visitor, response))


@pytest.mark.parametrize("junk", ["", "x", "PD94bWw+", base64.b64encode(b"<a/>").decode()])
def test_junk_is_refused(idp, visitor, junk):
    leave(visitor)
    assert has_failed(come_back(visitor, junk))


def test_person_without_an_address_is_asked_for_one(idp, visitor):
    idp.attributes.pop(MAIL)
    answer = come_back(visitor, idp.answer(leave(visitor)))
    assert answer["Location"] == "/accounts/with/finish/"


def test_metadata_names_this_console_and_no_logout(idp, visitor):
    page = visitor.get("/accounts/with/saml/acme/metadata/")
    assert "http://testserver/accounts/with/saml/acme/acs/" in page.text
    assert "SingleLogoutService" not in page.text
    assert visitor.get("/accounts/with/saml/acme/logout/").status_code == 404


def test_form_may_go_where_the_metadata_say(idp, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["saml"]["APPS"][0]["settings"]["idp"]
    assert app["entity_id"] == ENTITY
    assert origin_of(app["sso_url"]) == "https://idp.example"
