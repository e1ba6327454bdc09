"""The installation's own CA, and the server certificate it signs: EC P-256, kept in one folder.

`ca.pem` is what clients are given; `ca.key` signs; `server.pem` is the server's key and
certificate in one file, so that a renewal is one rename and never half of one.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=3652)
# What browsers accept for a server, and how long before its end it is renewed.
LEAF_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=120)
# Clocks of devices are late until they have asked for the time.
CLOCK_SKEW = timedelta(days=1)


class AuthorityError(Exception):
    """The CA cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Authority:
    """The folder and the files in it."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """What clients are to trust."""
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The key that signs; it leaves this machine in a backup only."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """The server's certificate, followed by its key."""
        return self.folder / "server.pem"

    def ensure(self, names: list[str], *, now: datetime | None = None) -> str:
        """Make what is missing and renew what is due; return `made`, `renewed` or `found`.

        The server certificate is due some months before its end, and when it covers other names
        than these. Raises AuthorityError when the CA is broken or its key is gone.
        """
        now = now or datetime.now(UTC)
        is_new = not self.bundle.exists() and not self.ca_key.exists()
        if not is_new and not self._is_due(names, now):
            return "found"
        if is_new:
            self._make_ca(now)
        self._make_server(names, now)
        return "made" if is_new else "renewed"

    def server_certificate(self) -> x509.Certificate | None:
        """Return what the server shows, or None when that cannot be read."""
        try:
            return x509.load_pem_x509_certificate(self.server.read_bytes())
        except (OSError, ValueError):
            return None

    def _is_due(self, names: list[str], now: datetime) -> bool:
        ca, shown = self._ca(), self.server_certificate()
        if shown is None or covered_names(shown) != set(names) or not _is_signed_by(shown, ca):
            return True
        # One that ends with its CA cannot be had for longer.
        ends = shown.not_valid_after_utc
        return now > ends - RENEW_BEFORE and (ends < ca.not_valid_after_utc or now > ends)

    def _ca(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self.bundle.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthorityError(
                f"The CA certificate {self.bundle} cannot be read: {error}. {self._way_out}"
            ) from error

    def _signing_key(self, ca: x509.Certificate) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(self.ca_key.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityError(
                f"The key of the CA {self.ca_key} cannot be read: {error}. {self._way_out}"
            ) from error
        if key.public_key() != ca.public_key() or not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityError(
                f"The key {self.ca_key} is not that of {self.bundle}. {self._way_out}"
            )
        return key

    @property
    def _way_out(self) -> str:
        return (
            "Put it back from your backup, or remove the folder to begin a new CA; devices that "
            "trust the old one then need the new one."
        )

    def _make_ca(self, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        # Two installations must not be mistaken for each other in a list of trusted CAs.
        name = _common_name(f"THiNX Console CA {secrets.token_hex(4)}")
        certificate = (
            _builder(name, name, key.public_key(), now, now + CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.ca_key, _pem_of(key))
        write_private(self.bundle, certificate.public_bytes(serialization.Encoding.PEM))

    def _make_server(self, names: list[str], now: datetime) -> None:
        ca = self._ca()
        if now >= ca.not_valid_after_utc:
            raise AuthorityError(
                f"The CA {self.bundle} ended on {ca.not_valid_after_utc:%Y-%m-%d}. {self._way_out}"
            )
        signing = self._signing_key(ca)
        key = ec.generate_private_key(ec.SECP256R1())
        ends = min(now + LEAF_LIFE, ca.not_valid_after_utc)
        certificate = (
            _builder(_common_name(names[0][:64]), ca.subject, key.public_key(), now, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
                critical=False,
            )
            .sign(signing, hashes.SHA256())
        )
        both = certificate.public_bytes(serialization.Encoding.PEM) + _pem_of(key)
        write_private(self.server, both)


def covered_names(certificate: x509.Certificate) -> set[str]:
    """Return the host names and addresses a certificate is good for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    return addresses | set(found.get_values_for_type(x509.DNSName))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; it is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_names(names: list[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _is_signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001  whatever is wrong with it, it is not ours
        return False
    return True
