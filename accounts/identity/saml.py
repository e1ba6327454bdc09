"""SAML as allauth has it, but for single logout, which signs people out by an unsigned link."""

from __future__ import annotations

import logging
from functools import wraps

from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import build_saml_config, get_app_or_404
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.generic import View
from lxml.etree import XMLSyntaxError
from onelogin.saml2.errors import OneLogin_Saml2_Error
from onelogin.saml2.settings import OneLogin_Saml2_Settings as SamlSettings

logger = logging.getLogger(__name__)


@wraps(views.acs)
def saml_acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Take an answer only for a provider that is set up: each is kept in a session of its own."""
    get_app_or_404(request, organization_slug)
    return views.acs(request, organization_slug)


def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Read the answer that `saml_acs` kept; what cannot be read is a sign-in that failed."""
    try:
        return views.finish_acs(request, organization_slug=organization_slug)
    except (XMLSyntaxError, ValueError, PermissionDenied, OneLogin_Saml2_Error) as error:
        logger.warning("sign-in by %s failed: %s", organization_slug, type(error).__name__)
        return redirect("socialaccount_login_error")


class SamlMetadataView(View):
    """What an identity provider wants to know of this console."""

    def get(self, request: HttpRequest, organization_slug: str) -> HttpResponse:
        """Return the metadata of the service provider."""
        app = get_app_or_404(request, organization_slug)
        config = build_saml_config(request, app.settings, organization_slug)
        config["sp"].pop("singleLogoutService")
        metadata = SamlSettings(settings=config, sp_validation_only=True).get_sp_metadata()
        return HttpResponse(metadata, content_type="application/samlmetadata+xml")


saml_metadata = SamlMetadataView.as_view()


def no_single_logout(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Refuse; the library only wants to name an address."""
    raise Http404
