"""A SAML identity provider of our own: metadata, and signed answers to requests."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
import zlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Saml

ENTITY, SSO = "https://idp.example/metadata", "https://idp.example/sso"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    now = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class IdentityProvider:
    """One key, one person. Change `attributes` to have it say something else."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    attributes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.certificate = _certificate(self.key)
        self.attributes = {
            SUBJECT: "nina@idp.example",
            MAIL: "nina@example.org",
            "urn:oid:2.5.4.42": "Nina",
            "urn:oid:2.5.4.4": "Novak",
        }

    def metadata(self) -> str:
        """Return what an operator downloads from the provider."""
        inner = "".join(self.certificate.split("\n")[1:-2])
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{ENTITY}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{inner}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{SSO}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def request_in(self, url: str) -> tuple[str, str, str]:
        """Return (id, where to answer, who asks) of the request in an address."""
        packed = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0])
        root = ElementTree.fromstring(zlib.decompress(packed, -15))
        issuer = root.find(f"{{{ASSERTION}}}Issuer")
        return root.attrib["ID"], root.attrib["AssertionConsumerServiceURL"], issuer.text

    def answer(self, url: str, *, sign: bool = True, **changed: str) -> str:
        """Return the SAMLResponse to the request in an address, ready for the form."""
        request_id, acs, audience = self.request_in(url)
        facts = {"in_response_to": request_id, "acs": acs, "audience": audience, **changed}
        xml = self._response(facts, age=int(changed.get("age", "0")))
        if sign:
            pem = self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode()
            xml = Saml.add_sign(xml, pem, self.certificate).decode()
        return base64.b64encode(xml.encode()).decode()

    def _response(self, facts: dict[str, str], *, age: int) -> str:
        now = dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=age)
        issued, until = (f"{now + dt.timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}" for m in (0, 5))
        asked = f'InResponseTo="{facts["in_response_to"]}"' if facts["in_response_to"] else ""
        said = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue>'
            "</saml:Attribute>"
            for name, value in self.attributes.items()
        )
        return (
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" '
            f'ID="_{uuid.uuid4().hex}" Version="2.0" IssueInstant="{issued}" '
            f'Destination="{facts["acs"]}" {asked}><saml:Issuer>{ENTITY}</saml:Issuer>'
            '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
            f'</samlp:Status><saml:Assertion ID="_{uuid.uuid4().hex}" Version="2.0" '
            f'IssueInstant="{issued}"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject>'
            '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">'
            "n-1</saml:NameID><saml:SubjectConfirmation "
            'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
            f'NotOnOrAfter="{until}" Recipient="{facts["acs"]}" {asked}/>'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{issued}" '
            f'NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{facts["audience"]}'
            "</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{issued}" SessionIndex="_s">'
            "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:"
            "Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{said}</saml:AttributeStatement></saml:Assertion>"
            "</samlp:Response>"
        )
