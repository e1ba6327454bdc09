"""The servers' side of TLS: which versions, which certificate, and what follows a renewal."""

from __future__ import annotations

import asyncio
import ssl
import subprocess

import pytest

from core.tls.authority import Authority
from core.tls.served import CertificateProblem, ServedFiles, ServerContext, served_files

NAMES = ["localhost", "127.0.0.1"]


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "tls")
    made.ensure(NAMES)
    return made


@pytest.fixture
def served(authority):
    return ServerContext(served_files(authority.folder, "", ""), protocols=("http/1.1",))


def handshake(served, client, *, host="localhost"):
    """Shake hands in memory; return the client's side."""
    one, two = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_side = served.context.wrap_bio(one, two, server_side=True)
    client_side = client.wrap_bio(two, one, server_hostname=host)
    for _ in range(10):
        done = 0
        for side in (client_side, server_side):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                continue
        if done == 2:
            return client_side
    raise AssertionError("the handshake does not end")


def trusting(authority):
    return ssl.create_default_context(cafile=str(authority.bundle))


@pytest.mark.parametrize("host", NAMES)
def test_client_with_only_that_ca_verifies_names_and_addresses(served, authority, host):
    assert handshake(served, trusting(authority), host=host).version() == "TLSv1.3"


def test_other_host_name_is_refused_by_the_client(served, authority):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(served, trusting(authority), host="console.example.org")


def test_client_that_does_not_trust_the_ca_refuses(served):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(served, ssl.create_default_context())


def test_client_without_server_name_is_served(served, authority):
    client = trusting(authority)
    client.check_hostname = False
    assert handshake(served, client, host=None).getpeercert()["subjectAltName"]


def test_tls_1_2_works_and_older_is_refused(served, authority):
    client = trusting(authority)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert handshake(served, client).version() == "TLSv1.2"
    assert served.context.minimum_version == ssl.TLSVersion.TLSv1_2
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        handshake(served, client)


def test_renewed_certificate_is_used_for_new_connections(served, authority):
    before = handshake(served, trusting(authority)).getpeercert()["serialNumber"]
    assert not served.follow()
    authority.ensure([*NAMES, "new.example.org"])
    assert served.follow()
    now = handshake(served, trusting(authority), host="new.example.org").getpeercert()
    assert now["serialNumber"] != before


def test_broken_files_do_not_take_the_certificate_away(served, authority):
    authority.server.write_text("half a file")
    assert not served.follow()
    authority.server.unlink()
    assert not served.follow()
    assert handshake(served, trusting(authority)).version()


def test_named_files_that_are_missing_or_do_not_fit_are_told_in_a_sentence(authority, tmp_path):
    with pytest.raises(CertificateProblem, match="belong together: set both"):
        served_files(authority.folder, "cert.pem", "")
    missing = ServedFiles(tmp_path / "none.pem", authority.server)
    with pytest.raises(CertificateProblem, match=r"none\.pem cannot be read: No such file"):
        ServerContext(missing)
    with pytest.raises(CertificateProblem, match="must be PEM"):
        ServerContext(ServedFiles(authority.server, authority.ca_key))


def test_key_with_a_password_is_refused_without_asking_for_it(authority, tmp_path):
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", str(authority.ca_key), "-out", str(locked),
         "-passout", "pass:secret"],
        check=True,
    )  # fmt: skip
    with pytest.raises(CertificateProblem, match="without a password"):
        ServerContext(ServedFiles(authority.bundle, locked))


def test_buffers_of_idle_connections_are_small(served):
    assert asyncio.sslproto.SSLProtocol.max_size <= 20_000
