"""The TLS port: carries bytes, and tells the application who is behind them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import pytest

from core.tls.authority import Authority
from core.tls.served import ServerContext, served_files
from tests.support.services import free_port
from thinx_console.edge.front import TlsFront, most_connections, plain_address


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "tls")
    made.ensure(["localhost", "127.0.0.1"])
    return made


@contextlib.asynccontextmanager
async def fronted(authority, serve):
    """Run a front before a server of `serve(reader, writer, front)`; yield front and context."""
    made = {}

    async def served(reader, writer):
        try:
            await serve(reader, writer, made["front"])
        finally:
            writer.close()

    inner = await asyncio.start_server(served, "127.0.0.1", 0)
    made["front"] = front = TlsFront(
        "127.0.0.1",
        free_port(),
        inner.sockets[0].getsockname()[:2],
        ServerContext(served_files(authority.folder, "", "")),
    )
    running = asyncio.create_task(front.serve())
    await until(front.listening.is_set)
    try:
        yield front, ssl.create_default_context(cafile=str(authority.bundle))
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        inner.close()


async def until(condition, seconds=30):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def whole(front, context, sent, *, host="localhost"):
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", front.port, ssl=context, server_hostname=host
    )
    writer.write(sent)
    name = writer.get_extra_info("sockname")
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return name, answer


async def seen_by_the_application(front, writer):
    """Return the scope an application would see for a connection of the server inside."""
    seen = {}

    async def application(scope, receive, send):
        seen.update(scope)

    scope = {"type": "http", "scheme": "http", "client": writer.get_extra_info("peername")}
    await front.wrap(application)(scope, None, None)
    return seen


async def test_bytes_go_both_ways_and_the_client_is_known(authority):
    seen = {}

    async def serve(reader, writer, front):
        line = await reader.readline()
        seen.update(await seen_by_the_application(front, writer))
        writer.write(line.upper() * 20_000)
        await writer.drain()

    async with fronted(authority, serve) as (front, context):
        name, answer = await whole(front, context, b"hello\n")
        assert answer == b"HELLO\n" * 20_000
        assert tuple(seen["client"]) == name[:2]
        assert seen["scheme"] == "https"
        await until(lambda: not front.peers and not front.open)


async def test_plain_connections_are_what_they_seem(authority):
    seen = {}

    async def serve(reader, writer, front):
        seen.update(await seen_by_the_application(front, writer))

    async with fronted(authority, serve) as (front, _):
        reader, writer = await asyncio.open_connection(*front.upstream)
        assert await reader.read() == b""
        assert tuple(seen["client"]) == writer.get_extra_info("sockname")
        assert seen["scheme"] == "http"
        writer.close()


async def test_client_that_left_is_known_until_the_server_has_done_its_request(authority):
    """Else its last request would count as one of this machine, past every limit by address."""
    go_on, seen = asyncio.Event(), {}

    async def serve(reader, writer, front):
        await reader.readline()
        await asyncio.wait_for(go_on.wait(), 30)
        seen.update(await seen_by_the_application(front, writer))

    async with fronted(authority, serve) as (front, context):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", front.port, ssl=context, server_hostname="localhost"
        )
        name = writer.get_extra_info("sockname")
        writer.write(b"POST\n")
        await until(lambda: front.peers)
        writer.transport.abort()
        await asyncio.sleep(0)
        go_on.set()
        await until(lambda: seen)
        assert tuple(seen["client"]) == name[:2]
        await until(lambda: not front.peers)


async def test_one_connection_too_many_is_closed_and_the_next_one_served(authority, monkeypatch):
    async def serve(reader, writer, front):
        writer.write(await reader.readline())

    monkeypatch.setattr("thinx_console.edge.front.MOST_CONNECTIONS", 1)
    monkeypatch.setattr("thinx_console.edge.front.most_connections", lambda: 1)
    async with fronted(authority, serve) as (front, context):
        _, idle = await asyncio.open_connection(
            "127.0.0.1", front.port, ssl=context, server_hostname="localhost"
        )
        await until(lambda: front.open == 1)
        with pytest.raises((AssertionError, OSError, ssl.SSLError)):
            assert (await whole(front, context, b"x\n"))[1] == b"x\n"
        idle.close()
        await until(lambda: front.open == 0)
        assert (await whole(front, context, b"x\n"))[1] == b"x\n"


async def test_client_that_says_nothing_is_not_connected_inside_and_ends(authority, monkeypatch):
    async def serve(reader, writer, front):
        raise AssertionError("nobody asked for anything")

    monkeypatch.setattr("thinx_console.edge.front.FIRST_BYTE_SECONDS", 0.2)
    async with fronted(authority, serve) as (front, context):
        assert (await whole(front, context, b""))[1] == b""
        await until(lambda: not front.open)


async def test_plain_http_to_the_tls_port_ends_and_harms_nobody(authority):
    async def serve(reader, writer, front):
        writer.write(await reader.readline())

    async with fronted(authority, serve) as (front, context):
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in await asyncio.wait_for(reader.read(), 30)
        writer.close()
        assert (await whole(front, context, b"x\n"))[1] == b"x\n"


async def test_port_that_is_taken_is_asked_for_until_it_is_free(authority, monkeypatch):
    monkeypatch.setattr("thinx_console.edge.front.RETRY_SECONDS", 0.05)
    port = free_port()
    taken = await asyncio.start_server(lambda r, w: None, "127.0.0.1", port)
    served = ServerContext(served_files(authority.folder, "", ""))
    front = TlsFront("127.0.0.1", port, ("127.0.0.1", 1), served)
    running = asyncio.create_task(front.serve())
    await asyncio.sleep(0.2)
    assert not front.listening.is_set()
    taken.close()
    await taken.wait_closed()
    await until(front.listening.is_set)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def test_address_has_one_form_on_sockets_for_both_families():
    assert plain_address(("::ffff:192.0.2.1", 5, 0, 0)) == ("192.0.2.1", 5)
    assert plain_address(["192.0.2.1", 5]) == ("192.0.2.1", 5)
    assert plain_address(("", 0)) == ("", 0)


def test_descriptors_are_left_for_the_plain_port():
    assert 16 <= most_connections() <= 4_000
