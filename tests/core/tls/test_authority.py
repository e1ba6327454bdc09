"""The installation's own CA: what it makes, when it renews, and what it says when it cannot."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.tls.authority import CA_LIFE, LEAF_LIFE, Authority, AuthorityError, covered_names
from core.tls.names import certificate_names, normal_name

NAMES = ["console.example.org", "192.0.2.7", "::1"]
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "tls")
    assert made.ensure(NAMES, now=NOW) == "made"
    return made


def ca_of(authority):
    return x509.load_pem_x509_certificate(authority.bundle.read_bytes())


def test_ca_is_p256_for_ten_years_and_signs_servers_only(authority):
    ca = ca_of(authority)
    assert isinstance(ca.public_key().curve, ec.SECP256R1)
    assert ca.not_valid_after_utc - NOW == CA_LIFE
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)


def test_server_certificate_covers_the_names_and_nothing_else(authority):
    shown = authority.server_certificate()
    assert covered_names(shown) == set(NAMES)
    assert shown.not_valid_after_utc - NOW == LEAF_LIFE


def test_openssl_accepts_the_chain_strictly(authority):
    said = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())),
         "-CAfile", str(authority.bundle), str(authority.server)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr


def test_files_are_for_their_owner_only(authority):
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    for path in authority.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_nothing_changes_while_nothing_is_due(authority):
    before = authority.server.read_bytes()
    assert authority.ensure(NAMES, now=NOW + timedelta(days=200)) == "found"
    assert authority.server.read_bytes() == before


def test_certificate_is_renewed_months_before_its_end_by_the_same_ca(authority):
    before, ca = authority.server_certificate(), ca_of(authority)
    later = NOW + LEAF_LIFE - timedelta(days=119)
    assert authority.ensure(NAMES, now=later) == "renewed"
    after = authority.server_certificate()
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert after.public_key() != before.public_key()
    after.verify_directly_issued_by(ca)
    assert ca_of(authority) == ca


def test_certificate_is_renewed_when_names_come_or_go(authority):
    assert authority.ensure([*NAMES, "other.example.org"], now=NOW) == "renewed"
    assert authority.ensure(NAMES, now=NOW) == "renewed"
    assert covered_names(authority.server_certificate()) == set(NAMES)


def test_broken_or_missing_server_certificate_is_made_again(authority):
    authority.server.write_text("no certificate")
    assert authority.ensure(NAMES, now=NOW) == "renewed"
    authority.server.unlink()
    assert authority.ensure(NAMES, now=NOW) == "renewed"


def test_certificate_never_outlives_its_ca(authority):
    last = NOW + CA_LIFE - timedelta(days=30)
    authority.ensure(NAMES, now=last)
    assert (
        authority.server_certificate().not_valid_after_utc == ca_of(authority).not_valid_after_utc
    )
    assert authority.ensure(NAMES, now=last + timedelta(days=1)) == "found"
    with pytest.raises(AuthorityError, match="ended on"):
        authority.ensure(NAMES, now=NOW + CA_LIFE + timedelta(days=1))


def test_missing_key_of_the_ca_is_said_only_when_it_is_needed(authority):
    authority.ca_key.unlink()
    assert authority.ensure(NAMES, now=NOW) == "found"
    with pytest.raises(AuthorityError, match="Put it back from your backup"):
        authority.ensure(["other.example.org"], now=NOW)


def test_key_of_another_ca_is_refused(authority, tmp_path):
    other = Authority(tmp_path / "other")
    other.ensure(NAMES, now=NOW)
    authority.ca_key.write_bytes(other.ca_key.read_bytes())
    with pytest.raises(AuthorityError, match="is not that of"):
        authority.ensure(["other.example.org"], now=NOW)


def test_broken_ca_is_refused_and_never_replaced(authority):
    authority.bundle.write_text("no certificate")
    with pytest.raises(AuthorityError, match="cannot be read"):
        authority.ensure(NAMES, now=NOW)
    assert authority.bundle.read_text() == "no certificate"


def test_names_are_those_of_settings_and_machine():
    found = certificate_names(
        {
            "THINX_PUBLIC_URL": "https://Console.Example.org:7443/",
            "THINX_MQTT_URL": "mqtt://broker.example.org:1883",
            "THINX_BIND": "192.0.2.9",
            "THINX_TLS_NAMES": " lan.example.org., [2001:db8::0:1],, bad name ",
            "THINX_ALLOWED_HOSTS": "*,www.example.org",
        }
    )
    assert found[:2] == ["console.example.org", "broker.example.org"]
    assert {"lan.example.org", "2001:db8::1", "www.example.org", "192.0.2.9"} <= set(found)
    assert {"localhost", "127.0.0.1", "::1"} <= set(found)
    assert not {"*", "bad name", ""} & set(found)
    assert len(found) == len(set(found))


def test_listening_everywhere_names_the_addresses_of_the_machine():
    assert "127.0.0.1" in certificate_names({"THINX_BIND": "0.0.0.0"})
    everywhere = certificate_names({"THINX_BIND": "::"})
    assert all(normal_name(name) == name for name in everywhere)
