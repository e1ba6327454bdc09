"""Addresses that people typed: what is called, and what never is."""

from __future__ import annotations

import ipaddress

import pytest

from core import outbound
from core.delivery import DeliveryError
from core.exceptions import DomainError
from core.outbound import check_url, locate, post
from core.tls.authority import Authority
from tests.support.web import web_server


@pytest.fixture
def leads_to(monkeypatch):
    def name(*addresses):
        found = [ipaddress.ip_address(address) for address in addresses]
        monkeypatch.setattr(outbound, "resolve_host", lambda host, port: found)

    return name


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.org", "ftp://example.org/", "file:///etc/passwd", "https://",
        "https://user:pw@example.org/", "https://user@example.org/", "https://example.org/#x",
        "https://exa mple.org/", "https://example.org\\@127.0.0.1/", "https://example.org:0/",
        "https://example.org:99999/", "https://exämple.org/", "https://[::1/", "gopher://x/",
        "https://example.org/\r\nHost: x", "https://-x.org/", f"https://example.org/{'x' * 1000}",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(DomainError) as refused:
        check_url(url)
    assert refused.value.code == "outbound.url_invalid"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "192.0.2.1",
    ],
)  # fmt: skip
def test_machine_inside_is_refused(address, leads_to, settings):
    settings.WEBHOOK_NETWORKS = []
    leads_to(address)
    with pytest.raises(DomainError) as refused:
        locate("https://hooks.example.org/x")
    assert refused.value.code == "outbound.url_private"


def test_one_private_address_among_public_ones_is_refused(leads_to, settings):
    settings.WEBHOOK_NETWORKS = []
    leads_to("93.184.216.34", "10.0.0.1")
    with pytest.raises(DomainError):
        locate("https://hooks.example.org/x")


def test_named_network_is_open_and_no_other(leads_to, settings):
    settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]
    leads_to("10.1.2.3")
    assert f"{locate('http://hooks.example.org/x').address}" == "10.1.2.3"
    leads_to("10.2.2.3")
    with pytest.raises(DomainError):
        locate("https://hooks.example.org/x")


def test_http_outside_is_refused(leads_to, settings):
    settings.WEBHOOK_NETWORKS = []
    leads_to("93.184.216.34")
    with pytest.raises(DomainError) as refused:
        locate("http://hooks.example.org/x")
    assert refused.value.code == "outbound.url_insecure"
    assert locate("https://hooks.example.org/x").port == 443


def test_host_without_an_address_may_come_back(leads_to):
    leads_to()
    with pytest.raises(DeliveryError) as refused:
        post("https://hooks.example.org/", b"", {})
    assert not refused.value.permanent


def test_the_machine_that_was_looked_at_is_called(leads_to, settings):
    """A name that leads elsewhere a moment later (DNS rebinding) changes nothing."""
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with web_server() as web:
        leads_to("127.0.0.1")
        port = web.url.rpartition(":")[2]
        answer = post(f"http://hooks.example.org:{port}/a?b=c", b"{}", {"X-One": "1"})
    assert (answer.status, answer.text) == (200, "ok")
    (asked,) = web.asked
    assert (asked.method, asked.path) == ("POST", "/a?b=c")
    assert asked.headers["Host"] == f"hooks.example.org:{port}"


def test_certificate_of_another_name_is_refused(settings, tmp_path, leads_to):
    """The TLS of a server is that of the name, not of the address."""
    authority = Authority(tmp_path)
    authority.ensure(["hooks.example.org"])
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_CA_FILE = f"{authority.bundle}"
    leads_to("127.0.0.1")
    with web_server(authority.server) as web:
        port = web.url.rpartition(":")[2]
        assert post(f"https://hooks.example.org:{port}/", b"{}", {}).status == 200
        with pytest.raises(DeliveryError):
            post(f"https://other.example.org:{port}/", b"{}", {})


def test_long_answers_are_cut(settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with web_server() as web:
        web.answer = "x" * 100_000
        assert len(post(web.url, b"{}", {}).text) == outbound.READ
