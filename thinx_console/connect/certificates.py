"""What devices are to trust, and what the server shows, as the files say now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings

from core.tls.authority import RENEW_BEFORE, Authority, covered_names


@dataclass(frozen=True)
class TrustedCa:
    """The bundle that clients download; `sha256` is of the file, `fingerprint` of its first CA."""

    content: bytes
    sha256: str
    fingerprint: str
    name: str
    ends: datetime


@dataclass(frozen=True)
class ShownCertificate:
    """The server's certificate; `renewed` is None when this console does not renew it."""

    ends: datetime
    renewed: datetime | None
    names: list[str]


def trusted_ca() -> TrustedCa | None:
    """Return the CA to trust, or None when there is none to download."""
    own = Authority(settings.TLS_DIR).bundle
    path = Path(settings.TLS_CA) if settings.TLS_CERTIFICATE else own
    try:
        content = path.read_bytes()
        ca = x509.load_pem_x509_certificates(content)[0]
    except (OSError, ValueError):
        return None
    return TrustedCa(
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        fingerprint=ca.fingerprint(hashes.SHA256()).hex(":").upper(),
        name=ca.subject.rfc4514_string().removeprefix("CN="),
        ends=ca.not_valid_after_utc,
    )


def shown_certificate() -> ShownCertificate | None:
    """Return what the server shows, or None when it has no certificate of its own."""
    named = settings.TLS_CERTIFICATE
    try:
        content = Path(named or Authority(settings.TLS_DIR).server).read_bytes()
        shown = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError):
        return None
    ends = shown.not_valid_after_utc
    return ShownCertificate(
        ends=ends,
        renewed=None if named else ends - RENEW_BEFORE,
        names=sorted(covered_names(shown)),
    )
