"""thinx-firmware-js 0.1.8 (Node): chunked over TLS with any certificate; its MQTT cannot work."""

from __future__ import annotations

import json
from typing import Any

from tests.emulators.broker import Connection
from tests.emulators.wire import Answer, Place, head, talk


class JavaScript:
    """Sends a body in chunks, and dies of answers that are not JSON."""

    platform = "nodejs"

    def __init__(self, place: Place, *, mac: str, alias: str = "node") -> None:
        self.place = place
        self.mac = mac
        self.owner, self.alias, self.udid = place.owner, alias, "0"
        self.version = "1.0.0"
        self.auto_update = False
        self.timestamp = 0
        self.log: list[str] = []

    def check_in(self) -> Answer:
        """Send the registration in two chunks, and take an answer whose status is OK."""
        body = json.dumps(
            {
                "registration": {
                    "mac": self.mac,
                    "firmware": f"thinx-firmware-js:{self.version}",
                    "version": self.version,
                    "commit": "412",
                    "owner": self.owner,
                    "alias": self.alias,
                    "udid": self.udid,
                    "status": "Node.js",
                    "platform": self.platform,
                    "lat": 50.08,
                    "lon": 14.42,
                }
            },
            separators=(",", ":"),
        ).encode()
        tls = bool(self.place.https_port)
        port = self.place.https_port or self.place.http_port
        request = head(
            "POST /device/register HTTP/1.1",
            f"Authentication: {self.place.key}",
            "Accept: application/json",
            "Origin: device",
            "Content-type: application/json",
            "User-Agent: THiNX-Client",
            f"Host: {self.place.host}:{port}",
            "Connection: close",
            "Transfer-Encoding: chunked",
        )
        cut = len(body) // 2
        chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:])]
        answer = talk(self.place.host, port, [request, *chunks, b"0\r\n\r\n"], tls=tls)
        self._take(json.loads(answer.body))
        return answer

    def _take(self, said: dict[str, Any]) -> None:
        registration = said.get("registration", {})
        if "FIRMWARE_UPDATE" in said:
            self.log.append("update")
        elif registration.get("status") != "OK":
            self.log.append("Response status not OK")
        elif "owner" in registration:
            self.alias, self.owner = registration["alias"], registration["owner"]
            self.udid = registration["udid"]
            self.auto_update = registration.get("auto_update", False)
            self.timestamp = registration["timestamp"]

    def connect(self) -> Connection:
        """Try MQTT: its options are lost, so it has no user, no password and a random id."""
        return Connection(
            self.place.mqtt_port, client_id="mqttjs_1a2b3c4d", user=None, password=None
        )
