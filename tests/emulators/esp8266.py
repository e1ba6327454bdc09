"""thinx-lib-esp8266, as the 2.x builds in the field run it."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from tests.emulators.cplusplus import CPlusPlus, Crash


class Esp8266(CPlusPlus):
    """Sends positions and signal as text; publishes its registration when MQTT is up."""

    buffer: ClassVar[int] = 512
    platform = "arduino:esp8266"
    keepalive: ClassVar[int] = 60

    def fields(self) -> dict[str, Any]:
        known = {"udid": self.udid} if len(self.udid) > 4 else {}
        return {
            "mac": self.mac,
            "firmware": f"probe.ino:{self.version}",
            "version": self.version,
            "commit": "c" * 40,
            "owner": self.owner,
            "alias": self.alias,
            **known,
            "status": self.status,
            "lat": "0.0",
            "lon": "0.0",
            "rssi": "-61",
            "platform": self.platform,
        }

    def registered(self, said: dict[str, Any], text: str) -> None:
        if said.get("status") == "OK":
            self._adopt(said)
        elif said.get("status") == "FIRMWARE_UPDATE" and said.get("auto_update"):
            self.url, self.ott = said.get("url", ""), said.get("ott", "")
            if self.ott or self.url:
                self.update()

    def _adopt(self, said: dict[str, Any]) -> None:
        if len(said.get("alias", "")) > 1:
            self.alias = said["alias"]
        self.owner = said.get("owner", self.owner)
        if len(said.get("udid", "")) > 4:
            self.udid = said["udid"]
        self.auto_update = said.get("auto_update", self.auto_update)
        self.forced_update = said.get("forced_update", self.forced_update)
        self.timestamp = said.get("timestamp", self.timestamp)
        self.save()

    def configure(self, said: dict[str, Any], raw: str) -> None:
        """Move to another WiFi at once; both names are read without a look."""
        try:
            self.wifi = (said["THINX_ENV_SSID"], said["THINX_ENV_PASS"])
        except KeyError as missing:
            raise Crash(f"{missing} is no pointer to a text") from None

    def greet(self) -> None:
        assert self.mqtt is not None
        self.mqtt.publish(f"{self.topic}/status", self.registration().decode())

    def updater_headers(self) -> list[str]:
        sketch = self.flash or b"\xe9"
        return [
            "User-Agent: ESP8266-http-Update",
            "Connection: close",
            "x-ESP8266-Chip-ID: 1715004",
            f"x-ESP8266-STA-MAC: {self.mac}",
            f"x-ESP8266-AP-MAC: 5E{self.mac[2:]}",
            "x-ESP8266-free-space: 2818048",
            f"x-ESP8266-sketch-size: {len(sketch)}",
            f"x-ESP8266-sketch-md5: {hashlib.md5(sketch).hexdigest()}",
            "x-ESP8266-chip-size: 4194304",
            "x-ESP8266-sdk-version: 2.2.2-dev(38a443e)",
            "x-ESP8266-mode: sketch",
        ]
