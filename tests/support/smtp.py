"""A mail server in a thread: it takes what it is told and refuses who it is told to."""

from __future__ import annotations

import base64
import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default


@dataclass
class MailServer:
    """Where it listens, what it took, and its answer to RCPT by local part."""

    port: int = 0
    password: str = "letmein"
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)

    def mails(self):
        return [message_from_bytes(content, policy=default) for _, _, content in self.taken]


class Handler(socketserver.StreamRequestHandler):
    """One session; `server.told` says what to answer."""

    timeout = 10

    def handle(self):
        self.told = self.server.told
        self.say("220 mail.test")
        self.sender, self.to = "", []
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ", 1)[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"do_{verb}", self.unknown)(line)

    def say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def unknown(self, line):
        self.say("500 unknown")

    def do_EHLO(self, line):
        self.say("250-mail.test", "250-AUTH PLAIN", "250 8BITMIME")

    def do_AUTH(self, line):
        _, user, password = base64.b64decode(line.split()[-1]).decode().split("\0")
        self.told.signed_in.append(user)
        self.say("235 welcome" if password == self.told.password else "535 no")

    def do_MAIL(self, line):
        self.sender = line.partition("<")[2].partition(">")[0]
        self.say("250 ok")

    def do_RCPT(self, line):
        to = line.partition("<")[2].partition(">")[0]
        self.to.append(to)
        self.say(self.told.answers.get(to.partition("@")[0], "250 ok"))

    def do_RSET(self, line):
        self.say("250 ok")

    def do_DATA(self, line):
        self.say("354 go on")
        content = b""
        while (part := self.rfile.readline()) != b".\r\n":
            content += part.removeprefix(b".") if part.startswith(b"..") else part
        self.told.taken.append((self.sender, self.to, content))
        self.say("250 taken")


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Listen on a free port of 127.0.0.1 for as long as the block lasts."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.told = told = MailServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
