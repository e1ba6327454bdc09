"""A local provider, and a browser that goes to it and back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from tests.support.openid import CLIENT_ID, CLIENT_SECRET, local_provider


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(scope="module")
def running_provider():
    with local_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider):
    """The provider with Nina signed in there; each test may have it say something else."""
    running_provider.claims = {
        "sub": "subject-1",
        "email": "nina@example.org",
        "email_verified": True,
        "given_name": "Nina",
        "family_name": "Novak",
        "preferred_username": "nina",
    }
    running_provider.token_claims, running_provider.emails = {}, []
    running_provider.refuses, running_provider.published_key = False, None
    running_provider.asked.clear()
    return running_provider


@pytest.fixture
def corp(settings, provider):
    """An OpenID provider called Corp."""
    app = {
        "provider_id": "corp",
        "name": "Corp",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "settings": {"server_url": provider.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
    }
    return app


class Traveller:
    """A browser that is sent to a provider, says yes there, and comes back."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def leave(self, slug="corp", **data):
        """Press the button; return the address at the provider."""
        answer = self.client.post(f"/accounts/with/{slug}/start/", data)
        assert answer.status_code == 302, answer.text
        return answer["Location"]

    def at_provider(self, there: str) -> str:
        """Say yes there; return the address that leads back, without the host."""
        back = httpx.get(there, follow_redirects=False).headers["Location"]
        assert urlsplit(back).netloc == "testserver"
        return back.removeprefix("http://testserver")

    def sign_in(self, slug="corp", **data):
        """Go there and back; return the last answer of the console."""
        return self.client.get(self.at_provider(self.leave(slug, **data)))


@pytest.fixture
def traveller(db):
    return Traveller(Client())


@pytest.fixture
def query_of():
    return lambda url: {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
