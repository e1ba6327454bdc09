"""Sign-in by GitHub and Google, their addresses pointed at a provider of our own."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google import views as google

from accounts.models import User
from tests.support.openid import CLIENT_ID, CLIENT_SECRET

pytestmark = pytest.mark.django_db


def app(name: str) -> dict:
    return {"client_id": CLIENT_ID, "secret": CLIENT_SECRET, "name": name, "settings": {}}


@pytest.fixture
def github(settings, provider, monkeypatch):
    """GitHub, as THINX_GITHUB_URL would place it: allauth reads that when it is imported."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "github": {
            "APPS": [app("GitHub")],
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["read:user", "user:email"],
        }
    }
    monkeypatch.setattr(
        GitHubOAuth2Adapter, "authorize_url", f"{provider.url}/login/oauth/authorize"
    )
    token = f"{provider.url}/login/oauth/access_token"
    monkeypatch.setattr(GitHubOAuth2Adapter, "access_token_url", token)
    monkeypatch.setattr(GitHubOAuth2Adapter, "profile_url", f"{provider.url}/api/v3/user")
    monkeypatch.setattr(GitHubOAuth2Adapter, "emails_url", f"{provider.url}/api/v3/user/emails")
    provider.claims = {"id": 4711, "login": "nina-n", "name": "Nina Novak", "email": None}
    provider.emails = [
        {"email": "work@example.org", "primary": False, "verified": True},
        {"email": "nina@example.org", "primary": True, "verified": True},
    ]
    return provider


@pytest.fixture
def at_google(settings, provider, monkeypatch):
    """Google."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {
            "APPS": [app("Google")],
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile", "email"],
        }
    }
    monkeypatch.setattr(google.GoogleOAuth2Adapter, "authorize_url", f"{provider.url}/authorize")
    monkeypatch.setattr(google.GoogleOAuth2Adapter, "access_token_url", f"{provider.url}/token")
    monkeypatch.setattr(google, "ID_TOKEN_ISSUER", provider.url)
    return provider


def test_person_of_github_gets_an_account_by_their_primary_address(traveller, github, query_of):
    there = traveller.leave("github")
    assert set(query_of(there)["scope"].split()) == {"read:user", "user:email"}
    assert query_of(there)["code_challenge_method"] == "S256"
    answer = traveller.client.get(traveller.at_provider(there))
    assert answer["Location"] == "/"
    person = User.objects.get()
    assert (person.email, person.username, f"{person}") == (
        "nina@example.org",
        "nina-n",
        "Nina Novak",
    )
    assert SocialAccount.objects.get().uid == "4711"


def test_unverified_address_of_github_opens_no_account(traveller, github, alice):
    github.emails = [{"email": "alice@example.org", "primary": True, "verified": False}]
    traveller.sign_in("github")
    assert "_auth_user_id" not in traveller.client.session
    assert not SocialAccount.objects.exists()


def test_person_of_google_signs_in(traveller, at_google):
    assert traveller.sign_in("google")["Location"] == "/"
    assert User.objects.get().email == "nina@example.org"


def test_forged_state_of_google_is_refused(traveller, at_google):
    back = traveller.at_provider(traveller.leave("google"))
    state = back.partition("state=")[2].partition("&")[0]
    assert traveller.client.get(back.replace(state, "forged")).status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize("lie", [{"nonce": "another"}, {"iss": "https://accounts.google.com"}])
def test_token_of_google_for_another_sign_in_is_refused(traveller, at_google, lie):
    at_google.token_claims = lie
    traveller.sign_in("google")
    assert not User.objects.exists()


@pytest.mark.parametrize("slug", ["github", "google", "corp", "saml"])
def test_provider_that_is_not_set_up_does_not_exist(client, slug, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert client.post(f"/accounts/with/{slug}/start/").status_code == 404
    assert client.get(f"/accounts/with/{slug}/callback/?code=1&state=2").status_code == 404
