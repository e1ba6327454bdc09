"""A started console as devices and browsers reach it: by TLS or not, by MQTT of all kinds."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import stat
import tempfile
import threading
from contextlib import ExitStack, suppress
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import paho.mqtt.client as mqtt
import pytest

from tests.ops.conftest import Copy
from tests.support.console import Rest
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.ops, pytest.mark.xdist_group("run-tls")]
PASSWORD = "a long secret 1"
NOT_AUTHORIZED = 135
DOORS = [
    pytest.param("mqtt_port", "tcp", False, id="mqtt"),
    pytest.param("mqtts_port", "tcp", True, id="mqtts"),
    pytest.param("http_port", "websockets", False, id="ws"),
    pytest.param("https_port", "websockets", True, id="wss"),
]


@pytest.fixture(scope="module")
def console(prepared):
    """A console with an operator, shared by this file."""
    folder = Path(tempfile.mkdtemp(prefix="thinx-ops-"))
    copy = Copy(folder / "copy")
    shutil.copytree(prepared, copy.data)
    try:
        copy.start(THINX_BOOTSTRAP_EMAIL="op@example.org", THINX_BOOTSTRAP_PASSWORD=PASSWORD)
        copy.wait_ready()
        yield copy
    finally:
        copy.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def rest(console):
    words = ["create_api_key", "--email", "op@example.org", "--alias", "tests", "--json"]
    made = json.loads(console.manage(*words))
    client = Rest(console.url, made["api_key"])
    client.owner_id = made["owner_id"]
    return client


@pytest.fixture(scope="module")
def key(rest):
    """A device key of the operator's own organization."""
    return device_key(rest, "devices")


def device_key(rest, alias):
    made = rest.post("api-keys/", alias=alias, kind="device")
    return SimpleNamespace(owner_id=rest.owner_id, api_key=made["key"], uid=made["uid"])


def trusting(console):
    return ssl.create_default_context(cafile=str(console.data / "tls" / "ca.pem"))


def exchange(console, sent, *, host="localhost", context=None, source="127.0.0.1"):
    """Send bytes by TLS; return all that comes back."""
    context = context or trusting(console)
    with (
        socket.create_connection(("127.0.0.1", console.https_port), 30, (source, 0)) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        secure.sendall(sent)
        answer = b""
        while chunk := secure.recv(65536):
            answer += chunk
        return answer


def test_named_operator_is_created_and_no_program_knows_the_password(console):
    assert "this link works once" not in console.said()
    assert not [pid for pid in console.pids() if PASSWORD.encode() in program_environ(pid)]


def program_environ(pid: int) -> bytes:
    """A program's environment; the launcher itself keeps what it was given."""
    process = Path(f"/proc/{pid}")
    is_launcher = b"thinx_console.supervisor\0" in (process / "cmdline").read_bytes()
    return b"" if is_launcher else (process / "environ").read_bytes()


def test_keys_of_the_ca_are_for_their_owner_only(console):
    for path in (console.data / "tls").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_client_with_only_the_downloaded_ca_is_served_by_tls(console, host):
    with urlopen(f"{console.url}/ca.pem", timeout=30) as answer:
        context = ssl.create_default_context(cadata=answer.read().decode())
    url = f"https://{host}:{console.https_port}/health/ready"
    with urlopen(url, timeout=30, context=context) as answer:
        assert json.load(answer)["parts"]["tls"] == "up"


def test_old_client_without_server_name_speaks_http_1_0(console):
    context = trusting(console)
    context.check_hostname = False
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    head = b"POST /device/register HTTP/1.0\r\nContent-Length: %d\r\n\r\n"
    body = b'{"registration": {"mac": "5C:CF:7F:00:00:03"}}'
    request = head % len(body) + body
    answer = exchange(console, request, host=None, context=context)
    assert answer.startswith(b"HTTP/1.0 200")
    assert b"authentication" in answer


def test_device_registers_by_tls_with_a_chunked_body(console, key):
    registration = {"owner": key.owner_id, "mac": "5C:CF:7F:00:00:01", "alias": "by-tls"}
    body = json.dumps({"registration": registration}).encode()
    head = (
        "POST /device/register HTTP/1.1\r\nHost: thinx.local\r\nConnection: close\r\n"
        f"Authentication: {key.api_key}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    answer = exchange(console, head.encode() + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'{"registration":{"success":true' in answer


def test_client_by_tls_is_audited_with_its_own_address_whatever_it_says(console, rest):
    body = json.dumps({"registration": {"owner": rest.owner_id, "mac": "5C:CF:7F:00:00:02"}})
    head = (
        "POST /device/register HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: http\r\n"
        f"Authentication: {'f' * 64}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    assert b" 200 " in exchange(console, (head + body).encode(), source="127.0.0.77")
    assert "127.0.0.77" in refused_addresses(rest)
    assert "198.51.100.1" not in refused_addresses(rest)


@pytest.mark.parametrize(("port", "last"), [("http_port", 78), ("https_port", 79)])
def test_mqtt_client_by_websocket_is_audited_with_its_own_address(console, rest, port, last):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
    client.username_pw_set(rest.owner_id, "f" * 64)
    client.ws_set_options("/mqtt", headers={"X-Forwarded-For": "198.51.100.1"})
    if port == "https_port":
        client.tls_set(str(console.data / "tls" / "ca.pem"))
    client.connect("127.0.0.1", getattr(console, port), bind_address=f"127.0.0.{last}")
    client.loop_start()
    try:
        wait_until(lambda: f"127.0.0.{last}" in refused_addresses(rest))
    finally:
        client.disconnect()
        client.loop_stop()


def refused_addresses(rest):
    events = rest.get("audit-events/?verb=devices.refused")["results"]
    return {event["address"] for event in events}


def test_many_requests_share_one_connection(console):
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert exchange(console, request * 3 + last).count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize("port", ["http_port", "https_port"])
def test_two_thousand_silent_connections_keep_nobody_out(console, port):
    with ExitStack() as silent:
        for _ in range(2_000):
            address = ("127.0.0.1", getattr(console, port))
            silent.enter_context(socket.create_connection(address, 60))
        with urlopen(f"{console.url}/health/live", timeout=60) as answer:
            assert answer.status == 200
        url = f"https://localhost:{console.https_port}/health/live"
        with urlopen(url, timeout=60, context=trusting(console)) as answer:
            assert answer.status == 200


def test_endless_head_is_refused(console):
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000
    with socket.create_connection(("127.0.0.1", console.http_port), 60) as plain:
        with suppress(ConnectionError):
            plain.sendall(request)
        with suppress(ConnectionError):
            assert plain.recv(100).split()[1] == b"431"


def test_other_ca_or_host_is_refused_by_the_client(console):
    with pytest.raises(ssl.SSLCertVerificationError):
        exchange(console, b"", context=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        exchange(console, b"", host="console.example.org")


def test_pages_work_on_both_ports_with_sessions_of_their_own(console):
    """And no Strict-Transport-Security: browsers would apply it to the plain port too."""
    plain, secure = console.url, f"https://127.0.0.1:{console.https_port}"
    cookies = {}
    for url in (plain, secure):
        jar = SimpleCookie()
        page, _ = ask(console, f"{url}/accounts/sign-in/", jar)
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"csrfmiddlewaretoken": token, "username": "op@example.org", "password": PASSWORD}
        ask(console, f"{url}/accounts/sign-in/", jar, form)
        page, headers = ask(console, f"{url}/connect/", jar)
        assert "Connect a device" in page
        assert "Strict-Transport-Security" not in headers
        cookies[url] = jar
    assert {name for name in cookies[secure] if not name.startswith("__Host-")} == set()
    assert all(cookies[secure][name]["secure"] for name in cookies[secure])
    assert "thinx_session" in cookies[plain]
    assert not cookies[plain]["thinx_session"]["secure"]


def ask(console, url, jar, form=None):
    """Ask as a browser does; return page and headers, keep cookies."""
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlencode, urlsplit

    parts = urlsplit(url)
    if parts.scheme == "https":
        connection = HTTPSConnection(parts.netloc, timeout=60, context=trusting(console))
    else:
        connection = HTTPConnection(parts.netloc, timeout=60)
    headers = {"Cookie": "; ".join(f"{n}={m.value}" for n, m in jar.items())}
    if form is not None:
        origin = f"{parts.scheme}://{parts.netloc}"
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": origin,
            "Referer": url,
        }
    body = urlencode(form) if form is not None else None
    connection.request("POST" if form is not None else "GET", parts.path, body, headers)
    answer = connection.getresponse()
    page = answer.read().decode(errors="replace")
    assert answer.status in {200, 302}, (answer.status, page[:500])
    for value in answer.headers.get_all("Set-Cookie") or []:
        jar.load(value)
    return page, answer.headers


def connected(console, door, transport, *, tls, username, password):
    """Connect by one of the doors; return the client, its answer and the event of its end."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport=transport)
    client.username_pw_set(username, password)
    if transport == "websockets":
        client.ws_set_options("/mqtt")
    if tls:
        client.tls_set(str(console.data / "tls" / "ca.pem"))
    answers, gone = [], threading.Event()
    client.on_connect = lambda c, u, f, code, p: answers.append(code.value)
    client.on_disconnect = lambda c, u, f, code, p: gone.set()
    client.connect("127.0.0.1", getattr(console, door))
    client.loop_start()
    wait_until(lambda: answers or gone.is_set())
    return client, answers, gone


@pytest.mark.parametrize(("door", "transport", "tls"), DOORS)
def test_key_opens_the_broker_by_every_door_and_carries_messages(
    console, key, door, transport, tls
):
    client, answers, _ = connected(
        console, door, transport, tls=tls, username=key.owner_id, password=key.api_key
    )
    messages = []
    client.on_message = lambda c, u, m: messages.append(m.payload)
    client.on_subscribe = lambda c, u, mid, codes, p: client.publish(topic, "x" * 100_000, qos=1)
    topic = f"/{key.owner_id}/shared/news"
    try:
        assert answers == [0]
        client.subscribe(topic, qos=1)
        wait_until(lambda: messages)
        assert messages == [b"x" * 100_000]
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize(("door", "transport", "tls"), DOORS)
def test_wrong_key_opens_no_door(console, key, door, transport, tls):
    client, answers, _ = connected(
        console, door, transport, tls=tls, username=key.owner_id, password="f" * 64
    )
    client.disconnect()
    client.loop_stop()
    assert answers == [NOT_AUTHORIZED]


def test_revoked_key_ends_connections_by_every_door(console, rest):
    short = device_key(rest, "short")
    clients = [
        connected(
            console, *param.values[:2], tls=param.values[2],
            username=short.owner_id, password=short.api_key,
        )
        for param in DOORS
    ]  # fmt: skip
    assert [answers for _, answers, _ in clients] == [[0]] * 4
    rest.post(f"api-keys/{short.uid}/revoke/")
    try:
        wait_until(lambda: all(gone.is_set() for _, _, gone in clients))
    finally:
        for client, _, _ in clients:
            client.disconnect()
            client.loop_stop()
