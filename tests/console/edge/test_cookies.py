"""Sessions by TLS and by the plain port are apart."""

from __future__ import annotations

import pytest

from thinx_console.edge.cookies import with_own_cookies


async def through(scheme, cookies, set_cookies=()):
    """Return the Cookie header the application got, and the Set-Cookie headers the client got."""
    got, sent = {}, []

    async def application(scope, receive, send):
        got["cookie"] = dict(scope["headers"]).get(b"cookie", b"").decode()
        headers = [(b"set-cookie", value.encode()) for value in set_cookies]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.extend(value.decode() for _, value in message.get("headers", []))

    scope = {"type": "http", "scheme": scheme, "headers": [(b"cookie", cookies.encode())]}
    await with_own_cookies(application)(scope, None, send)
    return got["cookie"], sent


async def test_plain_requests_and_answers_stay_as_they_are():
    set_cookie = "thinx_session=1; Path=/"
    assert await through("http", "thinx_session=1; a=2", [set_cookie]) == (
        "thinx_session=1; a=2",
        [set_cookie],
    )


@pytest.mark.parametrize("scheme", ["https", "wss"])
async def test_plain_or_planted_cookies_do_not_count_by_tls(scheme):
    sent = "thinx_session=planted; __Host-thinx_session=own; csrftoken=x; thinx_theme=dark"
    assert (await through(scheme, sent))[0] == "thinx_session=own; thinx_theme=dark"


async def test_cookies_set_by_tls_can_be_set_and_seen_by_tls_only():
    asked = ["thinx_session=1; HttpOnly; Path=/", "csrftoken=2; Path=/; Secure"]
    assert (await through("https", "", asked))[1] == [
        "__Host-thinx_session=1; HttpOnly; Path=/; Secure",
        "__Host-csrftoken=2; Path=/; Secure",
    ]
