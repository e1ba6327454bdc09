"""What the ESP8266 and ESP32 libraries have in common (Arduino, C++).

A request is written header by header, its body is followed by one line end too many, and the
answer is searched for words rather than parsed: whatever is there at the first look, from the
literal `{"registration"` to the first `}}`, through a buffer without a bound check.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from tests.emulators.broker import DISCONNECTED, Connection
from tests.emulators.wire import Answer, Place, head, talk

KINDS = ('"notification"', '"configuration"', '"registration"')


class Overrun(Exception):
    """The answer did not fit into the library's buffer: on the board, a crash."""


class Crash(Exception):
    """A null pointer was followed."""


class CPlusPlus:
    """One board. `flash` is the firmware it runs, whose text `version=…;` is its version."""

    buffer: ClassVar[int]
    platform: ClassVar[str]
    keepalive: ClassVar[int]
    first_byte = 0xE9

    def __init__(self, place: Place, *, mac: str, alias: str = "board") -> None:
        self.place = place
        self.mac = mac
        self.owner, self.alias, self.udid = place.owner, alias, ""
        self.version = "1.0.0"
        self.auto_update = self.forced_update = False
        self.timestamp = 0
        self.saved: dict[str, Any] = {}
        self.wifi: tuple[str, str] | None = None
        self.flash = b""
        self.ott = self.url = ""
        self.status = "Registered"
        self.seen: list[bytes] = []
        self.mqtt: Connection | None = None

    # --- HTTP ---------------------------------------------------------------------------------

    def fields(self) -> dict[str, Any]:
        """Return the members of the registration, in their order."""
        raise NotImplementedError

    def registration(self) -> bytes:
        return json.dumps({"registration": self.fields()}, separators=(",", ":")).encode()

    def check_in(self) -> Answer:
        """Send the registration and act on what comes back."""
        body = self.registration()
        request = head(
            "POST /device/register HTTP/1.1",
            f"Host: {self.place.host}",
            f"Authentication: {self.place.key}",
            "Accept: application/json",
            "Origin: device",
            "Content-Type: application/json",
            "User-Agent: THiNX-Client",
            "Connection: close",
            f"Content-Length: {len(body)}",
        )
        answer = talk(self.place.host, self.place.http_port, [request, body, b"\r\n"])
        self.take(answer.first.decode("utf-8", "replace"))
        return answer

    def take(self, text: str) -> None:
        """Act on an answer, or on a message of the device topic."""
        kind = max(KINDS, key=text.rfind)
        if text.rfind(kind) < 0:
            return
        start = text.find("{" + kind)
        end = text.find("}}", start)
        if start < 0 or end < 0:
            return
        cut = text[start : end + 2]
        if len(cut.encode()) >= self.buffer:
            raise Overrun(cut)
        said = json.loads(cut)
        match kind:
            case '"configuration"':
                self.configure(said["configuration"], cut)
            case '"notification"':
                self.notified(said["notification"])
            case _:
                self.registered(said["registration"], text)

    def registered(self, said: dict[str, Any], text: str) -> None:
        raise NotImplementedError

    def save(self) -> None:
        """Write /thinx.cfg; its owner wins over the compiled one from now on."""
        self.saved = {
            "owner": self.owner,
            "apikey": self.place.key,
            "udid": self.udid,
            "alias": self.alias,
        }

    def notified(self, said: dict[str, Any]) -> None:
        """Start the stored update when somebody said yes."""
        kind, response = said.get("response_type"), said.get("response")
        is_yes = (kind in {"bool", "boolean"} and response is True) or (
            kind in {"string", "String"} and response == "yes"
        )
        if is_yes and (self.ott or self.url):
            self.update()

    def configure(self, said: dict[str, Any], raw: str) -> None:
        raise NotImplementedError

    # --- Update -------------------------------------------------------------------------------

    def updater_headers(self) -> list[str]:
        raise NotImplementedError

    def update(self) -> str:
        """Run the core's HTTP updater; return its word. MD5 is all that is ever checked."""
        path = f"/device/firmware?ott={self.ott}" if self.ott else self.url
        request = head(
            f"GET {path} HTTP/1.0",
            f"Host: {self.place.host}:{self.place.http_port}",
            *self.updater_headers(),
        )
        answer = talk(self.place.host, self.place.http_port, [request])
        outcome = self._flash(answer)
        if outcome == "ok":
            self.say('{ title: "Update Successful", body: "The device has been successfully '
                     'updated.", type: "success" }')  # fmt: skip
            self.restart()
        elif outcome != "no updates":
            self.status = outcome
            self.say(f'{{ "status" : "{outcome}" }}')
        self.ott = self.url = ""
        return outcome

    def _flash(self, answer: Answer) -> str:
        if answer.status == 304:
            return "no updates"
        if answer.status != 200:
            return {403: "Forbidden", 404: "Not Found"}.get(answer.status, "Wrong HTTP Code")
        length = int(answer.header("Content-Length") or 0)
        content = answer.body[:length]
        if not length or len(content) < length:
            return "Content-Length not given"
        if content[0] != self.first_byte:
            return "Verify Bin Header Failed"
        wanted = answer.header("x-MD5")
        if wanted and hashlib.md5(content).hexdigest() != wanted:
            return "MD5 Check Failed"
        self.flash = content
        return "ok"

    def restart(self) -> None:
        """Run what is in the flash."""
        self.version = self.flash.partition(b"version=")[2].partition(b";")[0].decode()
        self.status = "Registered"
        if self.mqtt is not None:
            self.mqtt.vanish()
            self.mqtt = None

    # --- MQTT ---------------------------------------------------------------------------------

    @property
    def topic(self) -> str:
        return f"/{self.owner}/{self.udid}"

    def connect(self) -> Connection:
        """Connect as the library does: only with a udid, MAC as client id, udid as user."""
        assert self.udid
        self.mqtt = Connection(
            self.place.mqtt_port,
            client_id=self.mac,
            user=self.udid,
            password=self.place.key,
            keepalive=self.keepalive,
            will=(f"{self.topic}/status", DISCONNECTED, False),
        )
        if self.mqtt.is_accepted:
            self.mqtt.subscribe(self.topic)
            self.greet()
        return self.mqtt

    def greet(self) -> None:
        """Publish what the library publishes when it is connected: nothing, by default."""

    def say(self, payload: str) -> None:
        if self.mqtt is not None:
            self.mqtt.publish(f"{self.topic}/status", payload)

    def loop(self) -> None:
        """Act on what came by MQTT; the application sees all of it."""
        if self.mqtt is None:
            return
        messages, self.mqtt.messages = self.mqtt.messages, []
        for _, payload in messages:
            self.seen.append(payload)
            self.take(payload.decode("utf-8", "replace"))
