"""thinx-firmware-esp8266-lua 0.9.38 (NodeMCU): a body by hand, and every 200 is the new program."""

from __future__ import annotations

import json
from typing import Any

from tests.emulators.broker import CONNECTED, DISCONNECTED, Connection
from tests.emulators.wire import Answer, Place, head, talk


class Lua:
    """`files` are those of the board; `thinx.lua` is what it runs."""

    platform = "nodemcu"

    def __init__(self, place: Place, *, mac: str, alias: str = "lua") -> None:
        self.place = place
        self.mac = mac
        self.owner, self.alias, self.udid, self.key = place.owner, alias, "", place.key
        self.version, self.commit = "1.0.0", "c0"
        self.files: dict[str, bytes] = {}
        self.seen: list[bytes] = []
        self.mqtt: Connection | None = None

    def registration(self) -> str:
        """Return the body as the library joins it, with its spaces before colons."""
        return (
            f'{{"registration": {{"mac" : "{self.mac}", '
            f'"firmware" : "thinx.lua:{self.version}", "commit" : "{self.commit}", '
            f'"version": "{self.version}", "checksum": "{"f" * 32}", "alias" : "{self.alias}", '
            f'"udid" :"{self.udid}", "owner" : "{self.owner}", '
            f'"platform" : "{self.platform}" }}}}'
        )

    def check_in(self) -> Answer:
        answer = self._post("/device/register", self.registration().encode())
        if answer.status == 200:  # anything else is not looked at
            self._take(json.loads(answer.body))
        return answer

    def _post(self, path: str, body: bytes) -> Answer:
        """Post as NodeMCU's http module does; no space after the name of the key's header."""
        request = head(
            f"POST {path} HTTP/1.1",
            f"Host: {self.place.host}:{self.place.http_port}",
            "Connection: close",
            f"Authentication:{self.key}",
            "Accept: application/json",
            "Origin: device",
            "Content-Type: application/json",
            "User-Agent: THiNX-Client",
            f"Content-Length: {len(body)}",
        )
        return talk(self.place.host, self.place.http_port, [request + body])

    def _take(self, said: dict[str, Any]) -> None:
        registration = said.get("registration", {})
        if registration.get("status") == "OK":
            self.key = registration.get("apikey", self.key)
            self.alias, self.owner = registration["alias"], registration["owner"]
            self.udid = registration["udid"]
        elif registration.get("status") == "FIRMWARE_UPDATE":
            self._ask(registration)

    def _ask(self, registration: dict[str, Any]) -> None:
        """Post to where it was told, or to the usual place; the body was never set."""
        path = "/device/firmware"
        if "url" in registration:
            path = "/" + registration["url"].split("/", 3)[3]
        answer = self._post(path, b"")
        if answer.status == 200:
            self.install(json.loads(answer.body))

    def install(self, said: dict[str, Any]) -> None:
        """Do nothing without a type; else write the files, or what a token gives."""
        if "type" not in said:
            return
        for file in said.get("files", []):
            self.files[file["name"]] = file["data"].encode()
        if "ott" in said:
            self.flash_by(said["ott"])
        self._run()

    def flash_by(self, ott: str) -> None:
        """Fetch by a token: any 200 is the program, unchecked."""
        request = head(
            f"GET /device/firmware?ott={ott} HTTP/1.1",
            f"Host: {self.place.host}:{self.place.http_port}",
            "Connection: close",
        )
        answer = talk(self.place.host, self.place.http_port, [request])
        if answer.status == 200:
            self.files["thinx.lua"] = answer.body

    def _run(self) -> None:
        running = self.files.get("thinx.lua", b"")
        self.version = running.partition(b"version=")[2].partition(b";")[0].decode() or self.version
        if self.mqtt is not None:
            self.mqtt.vanish()
            self.mqtt = None

    @property
    def topic(self) -> str:
        return f"/{self.owner}/{self.udid}"

    def connect(self) -> Connection:
        """Connect with a will that is kept, then say hello and the whole registration."""
        self.mqtt = Connection(
            self.place.mqtt_port,
            client_id=self.mac[-6:],
            user=self.udid,
            password=self.key,
            keepalive=120,
            clean=False,
            will=(f"{self.topic}/status", DISCONNECTED, True),
        )
        if self.mqtt.is_accepted:
            self.mqtt.subscribe(self.topic, qos=2)
            self.mqtt.publish(f"{self.topic}/status", CONNECTED, retain=True)
            self.mqtt.publish(f"{self.topic}/status", self.registration())
        return self.mqtt

    def loop(self) -> None:
        if self.mqtt is None:
            return
        messages, self.mqtt.messages = self.mqtt.messages, []
        for _, payload in messages:
            self.seen.append(payload)
            said = json.loads(payload)
            if "update" in said:
                self.install(said["update"])
            elif "message" in said:
                self._take(said["message"])
