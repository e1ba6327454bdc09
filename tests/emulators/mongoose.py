"""thinx-firmware-esp8266-mos (Mongoose OS): HTTP only, through a proxy or a fixed address."""

from __future__ import annotations

import json

from tests.emulators.wire import Answer, Place, head, talk


class Mongoose:
    """Takes an answer that says success; knows no topics and no updates."""

    platform = "mongoose"

    def __init__(self, place: Place, *, mac: str, alias: str = "mos") -> None:
        self.place = place
        self.mac = mac
        self.owner, self.alias, self.udid = place.owner, alias, ""
        self.version = "1.0.0"
        self.auto_update = False

    def check_in(self) -> Answer:
        body = json.dumps(
            {
                "registration": {
                    "mac": self.mac,
                    "firmware": f"thinx-mos:{self.version}",
                    "version": self.version,
                    "alias": self.alias,
                    "owner": self.owner,
                    "udid": self.udid,
                    "platform": self.platform,
                }
            }
        ).encode()
        request = head(
            "POST /device/register HTTP/1.1",
            f"Host: {self.place.host}:{self.place.http_port}",
            f"Content-Length: {len(body)}",
            "Content-Type: application/json",
            f"authentication: {self.place.key}",
        )
        answer = talk(self.place.host, self.place.http_port, [request + body])
        said = json.loads(answer.body).get("registration", {})
        if said.get("success"):
            self.udid, self.owner, self.alias = said["udid"], said["owner"], said["alias"]
            self.auto_update = said.get("auto_update", False)
        return answer
