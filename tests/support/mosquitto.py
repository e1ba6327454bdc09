"""A private Mosquitto that uses the files in a folder."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import free_port, need, running, short_folder

CONF = """
listener {port} 127.0.0.1
set_tcp_nodelay true
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
pid_file {folder}/pid
log_dest stderr
log_type error
log_dest topic
log_type notice
{user}
"""


@dataclass(frozen=True)
class Mosquitto:
    """A running broker, and the folder of its files."""

    port: int
    folder: Path

    @property
    def pid_file(self) -> Path:
        """Return where its process id is."""
        return self.folder / "pid"


@contextlib.contextmanager
def private_mosquitto() -> Iterator[Mosquitto]:
    """Run a Mosquitto of our own that lets nobody in until its files say so."""
    with short_folder("thinx-mosquitto-") as folder:
        broker = Mosquitto(free_port(), folder)
        for name in ("passwords", "acl"):
            (folder / name).touch()
        conf = folder / "mosquitto.conf"
        # As root it would become a user who cannot read the folder.
        user = "user root" if os.geteuid() == 0 else ""
        conf.write_text(CONF.format(port=broker.port, folder=folder, user=user))
        argv = [need("mosquitto", "mosquitto", "/usr/sbin/mosquitto"), "-c", str(conf)]
        with running(argv, ready=lambda: _is_up(broker), log=folder / "log"):
            yield broker


def _is_up(broker: Mosquitto) -> bool:
    if not broker.pid_file.exists():
        return False
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", broker.port), 1):
        return True
    return False
