"""Keeps Mosquitto's files as the database has it, and has Mosquitto read them.

When it reads them, Mosquitto 2.0 checks everybody who is connected again: whose name or password
is no longer there is disconnected.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import time
from pathlib import Path
from typing import Any

from core.connections import refresh_connections
from gateway.mqtt.mosquitto import files
from gateway.mqtt.mosquitto.refusals import Refusals, end_of
from gateway.mqtt.mosquitto.waiting import tell_written, wanted
from gateway.mqtt.service import SERVICE_USER, service_password
from keys.services import mosquitto_digest

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 0.1
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_SIGNALS = 1.0
# Looking may take this part of the time: the more devices, the less often, but within seconds.
SHARE_OF_LOOKING = 0.1
LONGEST_BETWEEN_LOOKS = 3.0
PROOF_SECONDS = 10.0
PASSWORDS, ACL = "passwords", "acl"


class Writer:
    """Writes when something changed: at most once a second, both files, then one signal."""

    def __init__(self, folder: Path, pid_file: Path, address: tuple[str, int]) -> None:
        self.folder, self.pid_file, self.address = folder, pid_file, address
        self.refusals = Refusals()
        self._written: tuple[Any, ...] | None = None
        self._number = 0
        self._next_look = self._signalled_at = 0.0

    def round(self) -> None:
        """Look whether something changed, when it is time or somebody waits; write it."""
        number = wanted()
        if number == self._number and time.monotonic() < self._next_look:
            return
        refresh_connections()
        begun = time.monotonic()
        seen = files.fingerprint()
        took = time.monotonic() - begun
        self._next_look = begun + min(
            max(SECONDS_BETWEEN_LOOKS, took / SHARE_OF_LOOKING), LONGEST_BETWEEN_LOOKS
        )
        if seen != self._written and not self._write():
            return
        self._written, self._number = seen, number
        tell_written(number)

    def _write(self) -> bool:
        """Write both files and have them read; tell whether Mosquitto has."""
        probe, password = f"probe-{secrets.token_hex(8)}", secrets.token_hex(16)
        found = files.entries()
        own = (SERVICE_USER, mosquitto_digest(service_password()))
        passwords = files.password_file(found, own, (probe, mosquitto_digest(password)))
        time.sleep(max(0.0, self._signalled_at + SECONDS_BETWEEN_SIGNALS - time.monotonic()))
        _replace(self.folder / ACL, files.acl_file(found))
        _replace(self.folder / PASSWORDS, passwords)
        self._signalled_at = time.monotonic()
        if not self._signal():
            return False
        return self._proved(probe, password)

    def _signal(self) -> bool:
        """Have Mosquitto read its files; the number must be Mosquitto's, as others end of it."""
        try:
            number = int(self.pid_file.read_text())
            if Path(f"/proc/{number}/comm").read_text().strip() != "mosquitto":
                raise ProcessLookupError(f"process {number} is not Mosquitto")
            os.kill(number, signal.SIGHUP)
        except (OSError, ValueError) as error:
            logger.warning("Mosquitto could not be told of new files: %s", error)
            return False
        return True

    def _proved(self, username: str, password: str) -> bool:
        """Tell whether Mosquitto knows a name that only the newest file has."""
        deadline = time.monotonic() + PROOF_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if accepts(self.address, username, password, self.refusals):
                    return True
            time.sleep(0.02)
        logger.warning("Mosquitto does not use the files in %s", self.folder)
        return False


def accepts(address: tuple[str, int], username: str, password: str, refusals: Refusals) -> bool:
    """Tell whether the broker lets this one in, by MQTT 3.1.1."""
    fields = [b"MQTT\x04\xc2\x00\x0a", b"", username.encode(), password.encode()]
    head, *texts = fields
    body = b"\x00\x04" + head + b"".join(len(text).to_bytes(2, "big") + text for text in texts)
    with socket.create_connection(address, 2) as connection:
        refusals.is_ours(end_of(connection))
        connection.sendall(b"\x10" + bytes([len(body)]) + body)
        answer = connection.recv(4)
        if answer != b"\x20\x02\x00\x00":
            return False
        connection.sendall(b"\xe0\x00")
    return True


def _replace(path: Path, text: str) -> None:
    """Write the whole file at once; its group may read it, which is to be Mosquitto's."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
