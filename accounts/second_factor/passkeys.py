"""Passkeys: where they work, and what a finished ceremony means."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class PasskeyPlace:
    """Whether passkeys work at the address in the browser, and where else they do."""

    works: bool
    url: str = ""
    is_this_machine: bool = False


def passkey_place(request: HttpRequest) -> PasskeyPlace:
    """Tell whether the browser lets a page at this address use passkeys of this console.

    They belong to one name, and browsers allow them over HTTPS and at localhost only.
    """
    host, path = request.get_host(), request.get_full_path()
    origin = f"{request.scheme}://{host}"
    if origin in settings.OTP_WEBAUTHN_ALLOWED_ORIGINS and _is_good(origin):
        return PasskeyPlace(works=True)
    if _is_good(settings.PUBLIC_URL):
        return PasskeyPlace(works=False, url=f"{settings.PUBLIC_URL}{path}")
    if settings.OTP_WEBAUTHN_RP_ID == "localhost":
        url = f"http://localhost:{settings.HTTP_PORT}{path}"
        return PasskeyPlace(works=False, url=url, is_this_machine=True)
    return PasskeyPlace(works=False)


def _is_good(origin: str) -> bool:
    parts = urlsplit(origin)
    name, domain = parts.hostname or "", settings.OTP_WEBAUTHN_RP_ID
    is_domain = name == domain or name.endswith(f".{domain}")
    return is_domain and (parts.scheme == "https" or name == "localhost")
