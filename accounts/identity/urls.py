"""The routes that allauth's flows name. What we do not use of allauth has no route at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount import views as social
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.github import views as github
from allauth.socialaccount.providers.google import views as google
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from accounts.identity.openid import openid_callback
from accounts.views import providers, sign_in, sign_up

View = Callable[..., HttpResponseBase]


def _configured(view: View) -> View:
    """Answer 404 for a provider that is not set up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    return guarded


def _saml(name: str) -> View:
    """Return a view of `accounts.identity.saml`, which brings lxml and xmlsec (11 MB)."""

    def view(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
        from accounts.identity import saml  # noqa: PLC0415  few installations have SAML

        found: View = getattr(saml, name)
        return found(request, organization_slug=organization_slug)

    return view


urlpatterns = [
    # Names of allauth for pages of ours; the same addresses as in accounts.urls.
    path("sign-in/", sign_in.SignInView.as_view(), name="account_login"),
    path("sign-up/", sign_up.SignUpView.as_view(), name="account_signup"),
    path(
        "sign-up/sent/",
        sign_up.ActivationSentView.as_view(),
        name="account_email_verification_sent",
    ),
    path(
        "connections/",
        providers.ConnectionListView.as_view(),
        name="socialaccount_connections",
    ),
    # Coming back from a provider.
    path("with/finish/", social.signup, name="socialaccount_signup"),
    path("with/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("with/failed/", social.login_error, name="socialaccount_login_error"),
    path("with/github/callback/", _configured(github.oauth2_callback), name="github_callback"),
    path("with/google/callback/", _configured(google.oauth2_callback), name="google_callback"),
    path(
        "with/saml/<slug:organization_slug>/acs/", csrf_exempt(_saml("saml_acs")), name="saml_acs"
    ),
    path("with/saml/<slug:organization_slug>/done/", _saml("saml_finish"), name="saml_finish_acs"),
    path("with/saml/<slug:organization_slug>/logout/", _saml("no_single_logout"), name="saml_sls"),
    path(
        "with/saml/<slug:organization_slug>/metadata/",
        _saml("saml_metadata"),
        name="saml_metadata",
    ),
    path("with/<slug:provider_id>/callback/", openid_callback, name="openid_connect_callback"),
]
