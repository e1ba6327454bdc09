"""By which way a session was opened, in words for the audit log and the list of sign-ins."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from accounts.identity.passwords import DIRECTORY

WORDS = {"password": "Password", "mail": "Link by mail"}


def sign_in_method(request: HttpRequest, user: Any) -> str:
    """Return "Password", the name of a provider, or nothing when nobody said."""
    if getattr(request, "session", None) is None:
        return ""
    records = get_authentication_records(request, user)
    if not records:
        return ""
    last = records[-1]
    if last.get("provider"):
        return provider_name(last["provider"])
    return WORDS.get(last["method"], "")


def provider_name(provider_id: str) -> str:
    """Return what people call a provider or a directory; its id once it is not set any more."""
    if provider_id.startswith(DIRECTORY):
        plain = provider_id.removeprefix(DIRECTORY)
        names = {entry["id"]: entry["name"] for entry in settings.LDAP_DIRECTORIES}
        return names.get(plain, plain)
    for kind, entry in settings.SOCIALACCOUNT_PROVIDERS.items():
        for app in entry.get("APPS", ()):
            if app.get("provider_id", kind) == provider_id:
                return app["name"]
    return provider_id
