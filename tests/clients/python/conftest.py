"""A small console on a real socket, and firmware for it, to try the agent against."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CLIENT = Path(__file__).parents[3] / "clients" / "python"
sys.path.insert(0, str(CLIENT))

KEY = "0123456789abcdef" * 4
OWNER = "ab" * 32
UDID = "7a3d2f10-0000-11ee-8000-5ccf7f012345"


class Signer:
    """The signing key of an installation."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.public = base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def sign(self, message):
        return base64.b64encode(self.key.sign(message)).decode()


def zipapp(source):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__main__.py", source)
    return packed.getvalue()


class Firmware:
    """Bytes and the headers they are served with; a test may spoil any of them."""

    def __init__(self, signer, source, version, **manifest):
        self.content = zipapp(source)
        self.version = version
        self.manifest = {
            "build": "b" * 36,
            "udid": UDID,
            "platform": "python",
            "version": version,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "size": len(self.content),
            **manifest,
        }
        raw = json.dumps(self.manifest).encode()
        self.headers = {
            "ETag": '"' + self.manifest["sha256"] + '"',
            "x-MD5": hashlib.md5(self.content).hexdigest(),
            "x-SHA256": self.manifest["sha256"],
            "x-THiNX-Manifest": base64.b64encode(raw).decode(),
            "x-THiNX-Signature": signer.sign(raw),
            "x-THiNX-Public-Key": signer.public,
            "x-THiNX-Firmware": f"example:{version}",
            "x-THiNX-Commit": "c" * 40,
            "x-THiNX-Env-Hash": "e" * 64,
        }


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        console = self.server.console
        console.checkins.append((dict(self.headers), body["registration"]))
        if console.refusals:
            status, headers = console.refusals.pop(0)
            self.answer(status, b"", headers)
        elif self.headers["Authentication"] != KEY:
            self.answer(200, b'{"success":false,"response":"owner_found_but_no_key"}', {})
        else:
            said = console.registration(body["registration"])
            if console.pushes:
                said["configuration"] = console.pushes.pop(0)
            self.answer(200, json.dumps(said).encode(), {})

    def do_GET(self):
        console = self.server.console
        console.downloads.append(dict(self.headers))
        firmware = console.firmware
        if self.path != "/device/firmware?ott=" + "f" * 64 or not firmware:
            self.answer(200, b"OTT_UPDATE_NOT_FOUND", {})
            return
        if console.deltas and self.headers.get("A-IM") == "detools":
            self.give_delta(console.deltas.pop(0), firmware)
            return
        start, headers = 0, dict(firmware.headers)
        content = firmware.content
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == headers["ETag"]:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        headers["Content-Type"] = "application/octet-stream"
        rest = content[start:]
        stop = console.cut.pop(0) if console.cut else len(rest)
        self.answer(206 if start else 200, rest, headers, stop)

    def give_delta(self, delta, firmware):
        """Answer 226 with a delta, or 202 where it has yet to be made (None)."""
        if delta is None:
            self.answer(202, b"", {"Retry-After": "2"})
            return
        base = self.headers["If-None-Match"]
        headers = {"Content-Type": "application/octet-stream", "IM": "detools"}
        self.answer(226, delta, {**firmware.headers, **headers, "Delta-Base": base})

    def answer(self, status, body, headers, stop=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:stop])
        self.close_connection = True


class Console:
    """What a console does for one device, over HTTP, with its mistakes on demand."""

    def __init__(self):
        self.signer = Signer()
        self.checkins, self.downloads = [], []
        self.refusals, self.cut, self.deltas, self.pushes = [], [], [], []
        self.firmware = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.console = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def offer(self, source, version, **manifest):
        self.firmware = Firmware(self.signer, source, version, **manifest)
        return self.firmware

    def registration(self, sent):
        answer = {"success": True, "udid": UDID, "alias": "pump", "timestamp": int(time.time())}
        if self.firmware and sent.get("version") != self.firmware.version:
            answer.update(
                status="FIRMWARE_UPDATE",
                ott="f" * 64,
                version=f"example:{self.firmware.version}",
            )
        else:
            answer.update(status="OK", owner=OWNER)
        return {"registration": answer}

    @property
    def last(self):
        return self.checkins[-1][1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def console():
    console = Console()
    yield console
    console.close()


class Device:
    """The agent as a process of its own, with a data folder of its own."""

    def __init__(self, console, folder):
        self.console, self.folder = console, folder
        self.processes = []
        self.settings = {}

    def start(self, *argv, launcher=("-m", "thinx_agent"), **environ):
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CLIENT),
            "THINX_AGENT_SERVER": self.console.url,
            "THINX_AGENT_API_KEY": KEY,
            "THINX_AGENT_OWNER": OWNER,
            "THINX_AGENT_MAC": "02:00:5E:10:20:30",
            "THINX_AGENT_DATA_DIR": str(self.folder),
            "THINX_AGENT_CONFIRM": "5",
            **self.settings,
            **environ,
        }
        process = subprocess.Popen(
            [os.environ.get("THINX_AGENT_PYTHON", sys.executable), *launcher, *argv],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def once(self, **environ):
        process = self.start("--once", **environ)
        _, self.log = process.communicate(timeout=30)
        return process.returncode

    @property
    def state(self):
        return json.loads((self.folder / "state.json").read_text())

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


@pytest.fixture
def device(console, tmp_path):
    device = Device(console, tmp_path / "device")
    yield device
    device.close()


def eventually(check, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
