"""X-Forwarded-For and -Proto count from trusted proxies, and cannot be made up by clients."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from thinx_console.edge.proxies import TrustedProxies

PROXIES = TrustedProxies(["127.0.0.1", "10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", "192.0.2.1", "203.0.113.5"),
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "8.8.8.8, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "8.8.8.8, 192.0.2.1, 10.1.2.3", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, nonsense, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("", "192.0.2.1", ""),
    ],
)
async def test_the_client_is_the_nearest_address_that_is_no_trusted_proxy(peer, forwarded, client):
    seen = {}

    async def application(scope, receive, send):
        seen.update(scope)

    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "http", "scheme": "http", "client": [peer, 5], "headers": headers}
    await PROXIES.asgi(application)(scope, None, None)
    assert seen["client"][0] == client

    def plain(environ, start_response):
        return [environ["REMOTE_ADDR"].encode()]

    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert PROXIES.wsgi(plain)(environ, None) == [client.encode()]


@pytest.mark.parametrize(
    ("kind", "peer", "proto", "scheme"),
    [
        ("http", "127.0.0.1", "https", "https"),
        ("http", "127.0.0.1", "http", "http"),
        ("http", "127.0.0.1", "", "given"),
        ("websocket", "127.0.0.1", "https", "wss"),
        ("http", "203.0.113.5", "https", "given"),
    ],
)
async def test_the_scheme_is_what_a_trusted_proxy_says(kind, peer, proto, scheme):
    seen = {}

    async def application(scope, receive, send):
        seen.update(scope)

    headers = [(b"x-forwarded-proto", proto.encode())]
    scope = {"type": kind, "scheme": "given", "client": [peer, 5], "headers": headers}
    await PROXIES.asgi(application)(scope, None, None)
    assert seen["scheme"] == scheme


def test_embedded_installations_trust_no_proxy(settings):
    assert settings.TRUSTED_PROXIES == []
    assert not TrustedProxies([]).trusts("127.0.0.1")


def test_setting_that_is_no_address_is_refused_in_a_sentence():
    with pytest.raises(ImproperlyConfigured, match="THINX_TRUSTED_PROXIES: 'proxy'"):
        TrustedProxies(["proxy"])
