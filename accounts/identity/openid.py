"""OpenID Connect as allauth has it, with the token's signature and subject checked each time."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponseBase

ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}


class StrictOpenIDAdapter(OpenIDConnectOAuth2Adapter):
    """Takes nobody's word for who signed in but a signed token's.

    allauth takes the token of the token endpoint without looking at its signature, since TLS
    brought it; a proxy that opens TLS would then decide who is who.
    """

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return the login; raises OAuth2Error without an identity token, or with two subjects."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("the provider sent no identity token")
        login = super().complete_login(request, app, token, **kwargs)
        data = login.account.extra_data
        said = data.get("userinfo") or {}
        if said and said.get("sub") != data["id_token"].get("sub"):
            raise OAuth2Error("token and userinfo are about two people")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        return jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=_lookup,
            verify_signature=True,
        )


def _lookup(keys_data: dict[str, Any], kid: str) -> Any:
    """Return the public key of this id; symmetric and missing algorithms are no keys."""
    usable = [
        key
        for key in keys_data.get("keys", ())
        if key.get("kid") == kid and key.get("alg", "RS256") in ALGORITHMS
    ]
    return jwtkit.lookup_kid_jwk({"keys": usable}, kid)


def openid_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take the answer of a provider."""
    try:
        adapter = StrictOpenIDAdapter(request, provider_id)
        return OAuth2CallbackView.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
