"""Devices against a real server: chunked bodies, junk, downloads, and the agent itself."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from builds.services.tokens import token_issue
from devices.models import Device, DeviceState

from .live import live_console, raw_request

pytestmark = pytest.mark.django_db(transaction=True)
CLIENT = Path(__file__).parents[2] / "clients" / "python"


@pytest.fixture
def console(transactional_db):
    with live_console() as url:
        yield url


def post(url, path, body, **headers):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return answer


def chunked(content, size):
    parts = [content[i : i + size] for i in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_devices_meet_a_real_server(console, acme, key, probe, publish):
    """One server, several meetings: starting it is what takes time."""
    sent = {"owner": acme.owner_id, "mac": probe.mac, "version": "1.0.0"}
    body = json.dumps({"registration": sent}).encode()

    # A chunked body, as the JavaScript library sends it.
    status, answer = raw_request(
        console,
        "POST /device/register HTTP/1.1\nHost: 127.0.0.1\nOrigin: device\n"
        f"Authentication:{key}\nTransfer-Encoding: chunked\nConnection: close",
        chunked(body, 50),
    )
    assert status == 200
    head, _, said = answer.partition(b"\r\n\r\n")
    assert json.loads(said)["registration"]["udid"] == probe.udid
    assert b"transfer-encoding" not in head.lower()
    assert b"content-length" in head.lower()
    assert b"set-cookie" not in head.lower()
    assert Device.objects.count() == 1

    # Chunked junk without end, and a body that never comes.
    status, answer = raw_request(
        console,
        "POST /device/register HTTP/1.1\nHost: 127.0.0.1\n"
        "Transfer-Encoding: chunked\nConnection: close",
        chunked(b"x" * 1_000_000, 65536),
    )
    assert (status, answer.rpartition(b"\r\n\r\n")[2]) == (
        413,
        b'{"success":false,"response":"request_too_large"}',
    )

    # A megabyte of junk to each endpoint.
    noise = random.Random(1).randbytes(1_000_000)
    for path in ("/device/register", "/device/firmware"):
        status, _, said = post(console, path, noise, Authentication=key)
        assert status == 413
        assert json.loads(said) == {"success": False, "response": "request_too_large"}
        for junk in (noise[:60_000], b"[" * 60_000, b'{"registration":' * 4_000, b"\0" * 60_000):
            status, headers, said = post(console, path, junk, Authentication=key)
            assert status == 400, (path, junk[:20])
            assert json.loads(said)["success"] is False
            assert int(headers["content-length"]) == len(said)

    # A download by an HTTP/1.0 client, a part of it, and a large one.
    artifact = publish(probe)
    ott = token_issue(device=probe, artifact=artifact)
    status, answer = raw_request(console, f"GET /device/firmware?ott={ott} HTTP/1.0")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert (status, content) == (200, artifact.content)
    assert b"chunked" not in head.lower()
    status, answer = raw_request(
        console,
        f"GET /device/firmware?ott={ott} HTTP/1.1\nHost: 127.0.0.1\nRange: bytes=10-19",
    )
    assert (status, answer.partition(b"\r\n\r\n")[2]) == (206, artifact.content[10:20])
    status, answer = raw_request(
        console, f"HEAD /device/firmware?ott={ott} HTTP/1.1\nHost: 127.0.0.1"
    )
    assert f"content-length: {artifact.size}".encode() in answer.lower()
    large = publish(probe, "1.0.8", content=os.urandom(5_000_000))
    ott = token_issue(device=probe, artifact=large)
    status, answer = raw_request(
        console, f"GET /device/firmware?ott={ott} HTTP/1.1\nHost: 127.0.0.1"
    )
    head, _, content = answer.partition(b"\r\n\r\n")
    assert (status, content == large.content) == (200, True)
    assert b"content-length: 5000000" in head.lower()
    assert b"transfer-encoding" not in head.lower()

    # Twenty at once with one new MAC are one device.
    fields = {"owner": acme.owner_id, "mac": "02005E999999", "udid": "0"}
    body = json.dumps({"registration": fields}).encode()
    answers = []
    calls = [
        threading.Thread(
            target=lambda: answers.append(
                post(console, "/device/register", body, Authentication=key)
            )
        )
        for _ in range(20)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert {status for status, _, _ in answers} == {200}
    assert len({json.loads(said)["registration"]["udid"] for _, _, said in answers}) == 1
    assert Device.objects.filter(mac="02:00:5E:99:99:99").count() == 1


def run_agent(console, acme, key, folder, **environ):
    environ = {
        "PATH": os.environ["PATH"],
        "THINX_AGENT_SERVER": console,
        "THINX_AGENT_OWNER": acme.owner_id,
        "THINX_AGENT_API_KEY": key,
        "THINX_AGENT_MAC": "02:00:5E:10:20:30",
        "THINX_AGENT_DATA_DIR": str(folder),
        **environ,
    }
    done = subprocess.run(
        [sys.executable, str(CLIENT / "agent.py"), "--once"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_agent_takes_an_update_and_the_console_shows_it_installed(
    console, acme, key, publish, tmp_path
):
    log = run_agent(console, acme, key, tmp_path)
    assert "pinned" not in log
    device = Device.objects.get()
    assert device.mac == "02:00:5E:10:20:30"

    good = publish(device, source="print('the value is 42')")
    log = run_agent(console, acme, key, tmp_path)
    assert "version 1.0.7 came up" in log
    state = DeviceState.objects.get(device=device)
    assert state.installed_build == good.build
    assert (state.version, state.offer_state) == ("1.0.7", "installed")
    assert state.status == "the value is 42"
    assert (state.env_hash, state.commit) == ("e" * 64, "c" * 40)

    bad = publish(device, "1.0.8", source="raise SystemExit('no')")
    log = run_agent(console, acme, key, tmp_path)
    assert "rolled back" in log
    state.refresh_from_db()
    assert state.installed_build == good.build
    assert (state.offered_build, state.offer_state) == (bad.build, "failed")
    assert state.status.startswith("rolled back from 1.0.8")
    assert "nothing to install" in run_agent(console, acme, key, tmp_path)

    publish(device, "1.0.9", source="print('better')")
    run_agent(console, acme, key, tmp_path)
    state.refresh_from_db()
    assert (state.version, state.status, state.offer_state) == ("1.0.9", "better", "installed")
