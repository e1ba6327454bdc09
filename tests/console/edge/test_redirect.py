"""Browsers of other machines come to the port with TLS; devices and this machine stay."""

from __future__ import annotations

import pytest

from thinx_console.edge.redirect import to_public_url

PUBLIC = "https://console.example.org:7443"


async def ask(path="/devices/", query=b"", **changes):
    """Return status and Location; status 200 is the application's own answer."""
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "client": ["203.0.113.5", 9],
        "headers": [(b"accept", b"text/html,*/*")],
        **changes,
    }
    await to_public_url(application, PUBLIC)(scope, None, send)
    return sent[0]["status"], dict(sent[0]["headers"]).get(b"location", b"").decode()


async def test_page_is_at_the_same_place_by_tls():
    assert await ask("/devices/ä b/", b"q=1&x=%0D") == (
        302,
        f"{PUBLIC}/devices/%C3%A4%20b/?q=1&x=%0D",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/device/register"},
        {"path": "/device/firmware"},
        {"path": "/health/ready"},
        {"path": "/ca.pem"},
        {"path": "/api/v1/devices/"},
        {"method": "POST"},
        {"scheme": "https"},
        {"client": ["127.0.0.1", 9]},
        {"client": ["::1", 9]},
        {"headers": []},
        {"type": "websocket", "scheme": "ws"},
    ],
    ids=str,
)
async def test_devices_scripts_and_this_machine_stay(changes):
    assert (await ask(**changes))[0] == 200
