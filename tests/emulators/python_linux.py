"""thinx-firmware-python 0.1.1: forgets its udid at every start, and reads its own topic."""

from __future__ import annotations

import json
from typing import Any

from tests.emulators.broker import CONNECTED, DISCONNECTED, Connection
from tests.emulators.wire import Answer, Place, head, talk


class PythonLinux:
    """`files` is what an update wrote; a real one reboots then."""

    def __init__(self, place: Place, *, mac: str) -> None:
        self.place = place
        self.mac = mac
        self.version = "1.0.0"
        self.owner, self.alias, self.udid = place.owner, None, "0"
        self.files: dict[str, bytes] = {}
        self.warnings: list[str] = []
        self.reboots = 0
        self.seen: list[bytes] = []
        self.mqtt: Connection | None = None

    def start(self) -> None:
        """Start again: restoring what was saved always fails."""
        self.owner, self.alias, self.udid = self.place.owner, None, "0"
        if self.mqtt is not None:
            self.mqtt.vanish()
            self.mqtt = None

    def check_in(self) -> Answer:
        """Send the registration as `requests` does, on a connection that stays open."""
        body = json.dumps(
            {
                "registration": {
                    "mac": self.mac,
                    "firmware": f"thinx-firmware-python:{self.version}",
                    "version": self.version,
                    "alias": self.alias,
                    "owner": self.owner,
                    "udid": self.udid,
                }
            }
        ).encode()
        request = head(
            "POST /device/register HTTP/1.1",
            f"Host: {self.place.host}:{self.place.http_port}",
            "User-Agent: THiNX-Client",
            "Accept-Encoding: gzip, deflate",
            "Accept: application/json",
            "Connection: keep-alive",
            f"Authentication: {self.place.key}",
            "Origin: device",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        answer = talk(self.place.host, self.place.http_port, [request + body])
        if answer.status != 200:
            raise UnboundLocalError("response")  # the library never set it
        self._take(json.loads(answer.body))
        return answer

    def _take(self, said: dict[str, Any]) -> None:
        registration = said.get("registration") or {}
        if not registration.get("success"):
            self.warnings.append(str(said.get("response")))
            return
        self.owner = registration["owner"]
        self.alias = registration["alias"]
        self.udid = registration["udid"]
        if "files" in registration or "url" in registration or "ott" in registration:
            self.update(registration)

    def update(self, said: dict[str, Any]) -> None:
        """Write what is offered over itself, then reboot."""
        for file in said.get("files", []):
            self.files[file["name"]] = file["data"].encode()
        if "ott" in said:
            request = head(
                f"GET /device/firmware?ott={said['ott']} HTTP/1.1",
                f"Host: {self.place.host}:{self.place.http_port}",
                "User-Agent: THiNX-Client",
                "Accept-Encoding: gzip, deflate",
                "Connection: keep-alive",
            )
            answer = talk(self.place.host, self.place.http_port, [request])
            if answer.status != 200:
                self.warnings.append(answer.body.decode())
                return
            self.files["thinx.py"] = answer.body
        self.reboots += 1
        self.version = _version_of(b"".join(self.files.values())) or self.version
        self.start()

    @property
    def topic(self) -> str:
        return f"/{self.owner}/{self.udid}"

    def connect(self) -> Connection:
        self.mqtt = Connection(
            self.place.mqtt_port,
            client_id=self.mac,
            user=self.udid,
            password=self.place.key,
            clean=False,
            will=(f"{self.topic}/status", DISCONNECTED, False),
        )
        if self.mqtt.is_accepted:
            self.mqtt.subscribe(self.topic)
            self.mqtt.subscribe(f"{self.topic}/status")
            self.mqtt.publish(f"{self.topic}/status", CONNECTED)
        return self.mqtt

    def loop(self) -> None:
        """Ignore its own topic, look for an update or a message, and tell the application."""
        if self.mqtt is None:
            return
        messages, self.mqtt.messages = self.mqtt.messages, []
        for topic, payload in messages:
            if topic == self.topic:
                self.seen.append(payload)
                said = json.loads(payload)
                if "update" in said:
                    self.update(said["update"])
                elif "message" in said:
                    self._take(said["message"])


def _version_of(content: bytes) -> str:
    return content.partition(b"version=")[2].partition(b";")[0].decode()
