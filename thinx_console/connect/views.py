"""The page that says how to connect a device, and the CA for those that have no account."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from core.views import Fact, ScopedViewMixin
from thinx_console.connect.addresses import Addresses, device_addresses
from thinx_console.connect.certificates import (
    ShownCertificate,
    TrustedCa,
    shown_certificate,
    trusted_ca,
)

# RFC 8555; what a browser or a device does with it is for the file name to say.
PEM = "application/pem-certificate-chain"
NAME = "ca.pem"


@require_safe
def ca_pem(request: HttpRequest) -> HttpResponse:
    """Give the CA bundle to anybody."""
    content = _ca().content
    return HttpResponse(
        content,
        content_type=PEM,
        headers={
            "Content-Disposition": f'attachment; filename="{NAME}"',
            "Cache-Control": "no-cache",
        },
    )


@require_safe
def ca_sha256(request: HttpRequest) -> HttpResponse:
    """Give its digest as `sha256sum -c` reads it."""
    text = f"{_ca().sha256}  {NAME}\n"
    return HttpResponse(text, content_type="text/plain", headers={"Cache-Control": "no-cache"})


def _ca() -> TrustedCa:
    found = trusted_ca()
    if found is None:
        raise Http404("This installation has no CA of its own to download.")
    return found


class ConnectView(ScopedViewMixin, TemplateView):
    """Addresses, the CA, and how to use both."""

    template_name = "connect/connect.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows; nothing of it is from the database but the owner id."""
        addresses, ca, shown = device_addresses(), trusted_ca(), shown_certificate()
        organization = self.request.home_organization  # type: ignore[attr-defined]
        return super().get_context_data(
            title="Connect a device",
            addresses=addresses,
            address_facts=_address_facts(addresses),
            ca=ca,
            ca_facts=_ca_facts(ca, shown),
            names=shown.names if shown else [],
            base=addresses.https or addresses.http,
            port=urlsplit(addresses.https or addresses.http).port or 443,
            mqtts_port=settings.MQTTS_PORT,
            owner_id=organization.owner_id if organization else "",
            **kwargs,
        )


def _address_facts(addresses: Addresses) -> list[Fact]:
    rows = [
        ("HTTP", addresses.http),
        ("HTTP with TLS", addresses.https),
        ("MQTT", addresses.mqtt),
        ("MQTT with TLS", addresses.mqtts),
        ("MQTT over WebSocket", addresses.ws),
        ("The same with TLS", addresses.wss),
    ]
    return [Fact(label, url, mono=True, copy=True) for label, url in rows if url]


def _ca_facts(ca: TrustedCa | None, shown: ShownCertificate | None) -> list[Fact]:
    facts = []
    if ca is not None:
        facts += [
            Fact("SHA-256 of the file", ca.sha256, mono=True, copy=True),
            Fact("Fingerprint", ca.fingerprint, mono=True, copy=True),
            Fact("Name", ca.name),
            Fact("CA valid until", f"{ca.ends:%Y-%m-%d}"),
        ]
    if shown is not None:
        facts.append(Fact("Server certificate", f"valid until {shown.ends:%Y-%m-%d}"))
        if shown.renewed is not None:
            facts.append(Fact("Renewed by itself", f"after {shown.renewed:%Y-%m-%d}"))
        facts.append(Fact("Good for", ", ".join(shown.names)))
    return facts
