"""A web server in a thread that remembers what it was asked and answers as it was told."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class WebServer:
    """Its address, its next answer, and what it was asked."""

    url: str = ""
    status: int = 200
    answer: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0
    hangs_up: bool = False
    asked: list[Asked] = field(default_factory=list)


@contextlib.contextmanager
def web_server(certificate: Path | None = None) -> Iterator[WebServer]:
    """Serve on a free port of 127.0.0.1 for as long as the block lasts; over TLS with a PEM."""
    told = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            told.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            time.sleep(told.pause)
            if told.hangs_up:
                self.close_connection = True
                return
            content = told.answer.encode()
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": f"{len(content)}"}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        do_POST = do_PUT = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
