"""How devices reach the console, and the CA that anybody may download."""

from __future__ import annotations

import hashlib
import ssl

import pytest
from django.urls import reverse

from core.tls.authority import Authority

PAGE, CA, DIGEST = "/connect/", "/ca.pem", "/ca.sha256"


@pytest.fixture
def own_ca(settings, tmp_path):
    settings.TLS_DIR = tmp_path / "tls"
    made = Authority(settings.TLS_DIR)
    made.ensure(["console.example.org", "127.0.0.1"])
    return made


def test_anybody_may_download_the_ca_and_check_it(client, own_ca):
    answer, digest = client.get(CA), client.get(DIGEST)
    assert answer["Content-Type"] == "application/pem-certificate-chain"
    assert answer["Content-Disposition"] == 'attachment; filename="ca.pem"'
    assert answer.content == own_ca.bundle.read_bytes()
    assert b"PRIVATE" not in answer.content
    ssl.create_default_context(cadata=answer.content.decode())
    assert digest["Content-Type"].startswith("text/plain")
    assert digest.content.decode() == f"{hashlib.sha256(answer.content).hexdigest()}  ca.pem\n"


def test_page_shows_digest_validity_names_and_addresses(in_acme, vera, acme, own_ca, settings):
    page = in_acme(vera).get(PAGE).content.decode()
    assert hashlib.sha256(own_ca.bundle.read_bytes()).hexdigest() in page
    assert f"{own_ca.server_certificate().not_valid_after_utc:%Y-%m-%d}" in page
    assert "console.example.org" in page
    for address in (
        settings.PUBLIC_URL,
        f"https://127.0.0.1:{settings.HTTPS_PORT}",
        f"mqtts://127.0.0.1:{settings.MQTTS_PORT}",
        f"wss://127.0.0.1:{settings.HTTPS_PORT}/mqtt",
    ):
        assert address in page
    assert acme.owner_id in page
    assert reverse("connect:ca_pem") in page


def test_stranger_is_sent_to_sign_in(client, db):
    assert client.get(PAGE).url.startswith("/accounts/sign-in/")


def test_certificate_of_a_known_authority_has_nothing_to_download(
    client, in_acme, vera, own_ca, settings
):
    settings.TLS_CERTIFICATE = settings.TLS_KEY = str(own_ca.server)
    assert client.get(CA).status_code == client.get(DIGEST).status_code == 404
    page = in_acme(vera).get(PAGE).content.decode()
    assert "nothing to download" in page
    assert "Renewed by itself" not in page
    assert "verify=" not in page


def test_named_ca_of_a_named_certificate_is_what_is_downloaded(client, own_ca, settings, tmp_path):
    other = Authority(tmp_path / "other")
    other.ensure(["localhost"])
    settings.TLS_CERTIFICATE = settings.TLS_KEY = str(own_ca.server)
    settings.TLS_CA = str(other.bundle)
    assert client.get(CA).content == other.bundle.read_bytes()


def test_page_works_behind_a_proxy_without_any_certificate_here(in_acme, vera, settings, tmp_path):
    settings.TLS_DIR = tmp_path / "none"
    settings.EMBEDDED = False
    settings.PUBLIC_URL = "https://console.example.org"
    page = in_acme(vera).get(PAGE).content.decode()
    assert "https://console.example.org" in page
    assert "wss://console.example.org/mqtt" in page
    assert "mqtts://" not in page
