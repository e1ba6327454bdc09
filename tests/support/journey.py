"""The whole journey against a running console, with real parts: what `make demo` shows.

A private repository behind a real sshd, a deploy key made by the console, variables, a build for
each platform, and devices that take the firmware: the Python agent by itself, MicroPython as
WebAssembly under Node, an Uno in simavr.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.builds import run_avr, run_micropython
from tests.support.console import ROOT, Rest, RestError
from tests.support.services import ServiceError
from tests.support.sshd import GitServer, running_git_server

EXAMPLES = ROOT / "thinx_console" / "example" / "repositories"
AGENT = ROOT / "clients" / "python" / "agent.py"
GREETING = 'Good day, "operator" \\o/'
MACS = {"python": "02:00:5E:00:00:01", "micropython": "02:00:5E:00:00:02",
        "arduino": "02:00:5E:00:00:03"}  # fmt: skip


class JourneyError(AssertionError):
    """Something did not go as it should; the text says what was there instead."""


@dataclass
class Step:
    """One step that was made, with its time."""

    title: str
    seconds: float
    outcome: str


@dataclass
class Journey:
    """Makes the steps one after the other; each is told to `tell` when it is done."""

    rest: Rest
    tell: Callable[[Step], None] = lambda step: None
    steps: list[Step] = field(default_factory=list)
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    owner: str = ""
    device_key: str = field(default="", repr=False)
    wifi: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)

    def run(self) -> list[Step]:
        """Make the journey; what it started ends with it. Raises JourneyError."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="thinx-journey-")))
            sshd = stack.enter_context(ExitStack())
            server = self._step("git server: sshd that knows no key", lambda: _server(sshd))
            self._step("API key accepted, owner found", self.who)
            self._step("deploy key made by the console", lambda: self.deploy_key(server))
            self._step("sources added, host key pinned", lambda: self.add_sources(server))
            self._step("repository with a wrong deploy key refused", lambda: self.wrong_key(server))
            self._step("variables set, one of them secret", self.variables)
            self._step("key for devices made", self.key_for_devices)
            self._step("check-in with a wrong key refused", self.wrong_api_key)
            self._step("agent registers its device", lambda: self.agent(stack, folder))
            self._step("two more devices added", self.add_devices)
            for name in MACS:
                self._step(f"{name}: built", lambda name=name: self.build(name))
            self._step("python: update taken by the agent", self.agent_updates)
            for name, board in (("micropython", run_micropython), ("arduino", run_avr)):
                self._step(
                    f"{name}: fetched over HTTP, verified, run",
                    lambda name=name, board=board: self.board_updates(name, board, folder),
                )
            self._step("changed host key refused", lambda: self.other_host_key(server, sshd))
        return self.steps

    def clean(self) -> None:
        """Remove from the console what the journey made there."""
        for path in reversed(self.made):
            try:
                self.rest.call("DELETE", path)
            except RestError as error:
                if error.status != 404:
                    raise

    # --- Preparations ----------------------------------------------------------------------

    def who(self) -> str:
        """Ask who the key is."""
        organization = self.rest.get("whoami/")["organization"]
        self.owner = organization["owner_id"]
        return f"owner {self.owner[:12]}… of {organization['name']}"

    def deploy_key(self, server: GitServer) -> str:
        """Have the console make a pair, and give the public half to the server."""
        key = self._make("deploy-keys/", alias="journey", algorithm="ed25519")
        self.good_key = key["uid"]
        server.authorize(key["public_key"])
        return key["fingerprint"]

    def add_sources(self, server: GitServer) -> str:
        """Put the firmware of each platform into a private repository and add it as a source."""
        for name in MACS:
            server.add(f"{name}.git", EXAMPLES / name)
            source = self._make(
                "sources/",
                alias=f"journey {name}",
                url=server.url(f"{name}.git"),
                deploy_key=self.good_key,
            )
            tested = self.rest.post(f"sources/{source['uid']}/test/")
            expect(tested["check_code"], "ok", tested["check_message"])
            expect(tested["platform"], name)
            expect(tested["host_fingerprint"], fingerprint(server))
            self.sources[name] = source["uid"]
        return f"3 repositories, host {tested['host_fingerprint']}"

    def wrong_key(self, server: GitServer) -> str:
        """Try a deploy key that the server does not know."""
        key = self._make("deploy-keys/", alias="journey stranger", algorithm="ed25519")
        source = self._make(
            "sources/",
            alias="journey stranger",
            url=server.url("python.git"),
            deploy_key=key["uid"],
        )
        tested = self.rest.post(f"sources/{source['uid']}/test/")
        expect(tested["check_code"] != "ok", True, tested["check_code"])
        return f"{tested['check_code']}: {tested['check_message']}"

    def variables(self) -> str:
        """Set what the firmware is to know; the secret never comes back."""
        for source in self.sources.values():
            self._make("env-vars/", name="GREETING", value=GREETING, source=source)
            secret = self._make(
                "env-vars/", name="WIFI_PASSWORD", value=self.wifi, is_secret=True, source=source
            )
            expect(secret["value"], None)
        said = json.dumps(self.rest.get("env-vars/"))
        expect(self.wifi in said, False, "the secret is shown")
        return f"GREETING={GREETING}, WIFI_PASSWORD is not shown"

    def key_for_devices(self) -> str:
        """Make a key that devices present."""
        key = self._make("api-keys/", alias="journey devices", kind="device")
        self.device_key = key["key"]
        return f"{key['prefix']}…"

    def wrong_api_key(self) -> str:
        """Check in with a key that does not exist: an answer, and no device."""
        answer = self.check_in("python", key="0" * 64)
        expect(answer.get("success"), False, answer)
        expect(self._device("python"), None)
        return f"{answer['response']}"

    def agent(self, stack: ExitStack, folder: Path) -> str:
        """Start the device agent and wait until the console knows its device."""
        key_file = folder / "key"
        key_file.touch(0o600)
        key_file.write_text(self.device_key)
        self.agent_log = folder / "agent.log"
        stack.enter_context(
            program(
                [
                    sys.executable,
                    "-B",
                    str(AGENT),
                    "--server",
                    self.rest.url,
                    "--api-key-file",
                    str(key_file),
                    "--owner",
                    self.owner,
                    "--alias",
                    "journey",
                    "--mac",
                    MACS["python"],
                    "--data-dir",
                    str(folder / "device"),
                    "--interval",
                    "1",
                    "--confirm",
                    "5",
                    "--runner",
                    "/usr/bin/python3 -u",
                ],
                self.agent_log,
            )
        )
        device = self._wait(lambda: self._device("python"), "the agent registers")
        self.devices["python"] = device["uid"]
        self.made.append(f"devices/{device['uid']}/")
        self.rest.call("PATCH", f"devices/{device['uid']}/", source=self.sources["python"])
        return f"{device['alias']} is {device['uid']}"

    def add_devices(self) -> str:
        """Add the devices that boards of this journey stand for."""
        for name in ("micropython", "arduino"):
            device = self._make(
                "devices/",
                alias=f"journey {name}",
                mac=MACS[name],
                platform=name,
                source=self.sources[name],
            )
            self.devices[name] = device["uid"]
        return "micropython, arduino"

    # --- Builds and updates ----------------------------------------------------------------

    def build(self, name: str) -> str:
        """Build for one device and read the whole log."""
        began = time.monotonic()
        build = self.rest.post("builds/", device=self.devices[name])
        self.made.append(f"builds/{build['uid']}/")
        build = self.rest.finished_build(build["uid"])
        seconds = time.monotonic() - began
        log = self.rest.get(f"builds/{build['uid']}/log/")["lines"]
        text = "\n".join(line["text"] for line in log)
        expect(build["status"], "succeeded", f"{build['error_message']}\n{text}")
        expect([line["seq"] for line in log], [*range(1, len(log) + 1)])
        expect(self.wifi in text, False, "the secret is in the log")
        self.builds[name] = build
        stages = ", ".join(
            f"{key} {value['seconds']:.2f}" for key, value in build["stages"].items()
        )
        return f"{build['firmware']} in {seconds:.2f} s ({stages}), {len(log)} lines of log"

    def agent_updates(self) -> str:
        """Wait until the agent reports the new version and says the injected value."""
        version = self.builds["python"]["version"]

        def installed() -> dict[str, Any] | None:
            state = self.rest.get(f"devices/{self.devices['python']}/")["state"]
            there = state["version"] == version and GREETING in state["status"]
            return state if there else None

        state = self._wait(installed, "the agent reports the new version", self.agent_log)
        expect(state["installed_build"], self.builds["python"]["uid"])
        expect(state["offer_state"], "installed")
        return f"device says “{state['status']}”"

    def board_updates(self, name: str, board: Callable[[Path], str], folder: Path) -> str:
        """Be the board: check in, fetch by token, verify, run, report."""
        build = self.builds[name]
        offer = self.check_in(name)["registration"]
        expect(offer["status"], "FIRMWARE_UPDATE", offer)
        url = f"{self.rest.url}/device/firmware?ott={offer['ott']}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            data = answer.read()
            headers = answer.headers
        expect(headers["x-SHA256"], hashlib.sha256(data).hexdigest())
        expect(headers["x-MD5"], hashlib.md5(data).hexdigest())
        expect(int(headers["Content-Length"]), len(data))
        firmware = folder / ("firmware.hex" if name == "arduino" else "firmware.json")
        firmware.write_bytes(data)
        said = next((line for line in board(firmware).splitlines() if GREETING in line), "")
        expect(GREETING in said, True, said)
        self.check_in(
            name,
            version=headers["x-THiNX-Version"],
            firmware=headers["x-THiNX-Firmware"],
            env_hash=headers["x-THiNX-Env-Hash"],
            status=said,
        )
        state = self.rest.get(f"devices/{self.devices[name]}/")["state"]
        expect(state["installed_build"], build["uid"])
        return f"{len(data):,} bytes; board says “{said}”"

    def other_host_key(self, server: GitServer, sshd: ExitStack) -> str:
        """Meet another server at the same address: nothing is fetched from it."""
        pinned = fingerprint(server)
        sshd.close()
        impostor = sshd.enter_context(running_git_server(server.port))
        expect(fingerprint(impostor) != pinned, True)
        build = self.rest.post("builds/", device=self.devices["arduino"])
        self.made.append(f"builds/{build['uid']}/")
        build = self.rest.finished_build(build["uid"])
        expect(build["status"], "failed", build["error_message"])
        return f"{build['error_code']}: {build['error_message']}"

    def check_in(self, name: str, key: str = "", **said: str) -> dict[str, Any]:
        """Report as the board of a platform; return the answer."""
        registration = {"mac": MACS[name], "owner": self.owner, "platform": name, **said}
        if name in self.devices:
            registration["udid"] = self.devices[name]
        request = urllib.request.Request(
            f"{self.rest.url}/device/register",
            data=json.dumps({"registration": registration}).encode(),
            headers={
                "Authentication": key or self.device_key,
                "Content-Type": "application/json",
                "Origin": "device",
                "User-Agent": "THiNX-Client",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        expect(len(body) < 500, True, f"{len(body)} bytes")
        return json.loads(body)

    # --- Tools -----------------------------------------------------------------------------

    def _step(self, title: str, work: Callable[[], Any]) -> Any:
        began = time.monotonic()
        result = work()
        outcome = result if isinstance(result, str) else ""
        self.steps.append(Step(title, time.monotonic() - began, outcome))
        self.tell(self.steps[-1])
        return result

    def _make(self, path: str, **values: Any) -> Any:
        made = self.rest.post(path, **values)
        self.made.append(f"{path}{made['uid']}/")
        return made

    def _device(self, name: str) -> dict[str, Any] | None:
        found = self.rest.get(f"devices/?q={MACS[name]}")["results"]
        return found[0] if found else None

    def _wait(
        self, found: Callable[[], Any], what: str, log: Path | None = None, seconds: float = 40
    ) -> Any:
        deadline = time.monotonic() + seconds
        while not (result := found()):
            if time.monotonic() > deadline:
                words = log.read_text()[-3000:] if log else ""
                raise JourneyError(f"waited {seconds:.0f} s in vain until {what}\n{words}")
            time.sleep(0.2)
        return result


def _server(stack: ExitStack) -> GitServer:
    return stack.enter_context(running_git_server())


def expect(found: Any, wanted: Any, words: Any = "") -> None:
    """Raise JourneyError unless both are equal."""
    if found != wanted:
        raise JourneyError(f"expected {wanted!r}, found {found!r}. {words}")


def fingerprint(server: GitServer) -> str:
    """Return the fingerprint of the server's host key, as ssh-keygen tells it."""
    line = ["ssh-keygen", "-lf", str(server.folder / "host.pub")]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()[1]


@contextmanager
def program(argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block lasts; it ends when asked, or this fails."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServiceError(f"{argv[0]} had to be killed") from None
