"""thinx-lib-esp32: sees an update in the bare word, and compares versions before it fetches."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.emulators.cplusplus import CPlusPlus


class Esp32(CPlusPlus):
    """Has no env_hash; takes only a udid of 36 characters, and no alias called null."""

    buffer: ClassVar[int] = 768
    platform = "platformio:esp32"
    keepalive: ClassVar[int] = 45

    def fields(self) -> dict[str, Any]:
        known = {"udid": self.udid} if len(self.udid) > 4 else {}
        return {
            "mac": self.mac,
            "firmware": f"probe:{self.version}",
            "version": self.version,
            "owner": self.owner,
            "alias": self.alias,
            **known,
            "status": self.status,
            "platform": self.platform,
            "fcid": "24ac",
        }

    def registered(self, said: dict[str, Any], text: str) -> None:
        if '"FIRMWARE_UPDATE' in text:
            self._offered(said)
            return
        alias = said.get("alias", "")
        if len(alias) > 1 and not alias.startswith("null"):
            self.alias = alias
        self.owner = said.get("owner", self.owner)
        if len(said.get("udid", "")) == 36:
            self.udid = said["udid"]
        self.auto_update = said.get("auto_update", self.auto_update)
        self.forced_update = said.get("forced_update", self.forced_update)
        self.timestamp = said.get("timestamp", self.timestamp)
        self.save()

    def _offered(self, said: dict[str, Any]) -> None:
        if len(said.get("alias", "")) > 4:
            self.alias = said["alias"]
        if len(said.get("udid", "")) <= 37:
            self.udid = said.get("udid", self.udid)
        self.auto_update = said.get("auto_update", self.auto_update)
        if str(said.get("version", "")).startswith(self.version):
            self.say('{ title: "Update Successful", body: "Already installed.", type: "success" }')
            return
        self.url, self.ott = said.get("url", ""), said.get("ott", "")
        if self.ott or self.url:
            self.update()

    def configure(self, said: dict[str, Any], raw: str) -> None:
        """Leave it to the application; the library's own part is compiled out."""

    def updater_headers(self) -> list[str]:
        return [
            "User-Agent: ESP32-http-Update",
            "Connection: close",
            f"x-ESP32-STA-MAC: {self.mac}",
            f"x-ESP32-AP-MAC: {self.mac}",
            "x-ESP32-sdk-version: v4.4.7",
            "x-ESP32-mode: sketch",
        ]
