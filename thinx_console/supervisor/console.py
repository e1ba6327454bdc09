"""Where one running copy keeps its files and which addresses it takes. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.tls.names import EVERYWHERE

ROOT = Path(__file__).resolve().parent.parent.parent
# sun_path of sockaddr_un, less its closing zero.
LONGEST_SOCKET = 107
BOOTSTRAP = {"THINX_BOOTSTRAP_EMAIL", "THINX_BOOTSTRAP_PASSWORD"}


class StartError(Exception):
    """The console cannot start; the text says why and what to do."""


EMBEDDED = "embedded"


@dataclass(frozen=True)
class Console:
    """One copy of the console: its folder, its address and its ports."""

    data: Path
    bind: str
    http_port: int
    https_port: int
    mqtt_port: int
    mqtts_port: int
    database_url: str
    redis_url: str
    mqtt_broker: str = EMBEDDED

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Console:
        """Read the THINX_ variables; raises StartError for one that makes no sense."""
        data = Path(environ.get("THINX_DATA_DIR") or ROOT / "var").expanduser().resolve()
        return cls(
            data=data,
            bind=environ.get("THINX_BIND") or "127.0.0.1",
            http_port=_port(environ, "THINX_HTTP_PORT", 7442),
            https_port=_port(environ, "THINX_HTTPS_PORT", 7443),
            mqtt_port=_port(environ, "THINX_MQTT_PORT", 1883),
            mqtts_port=_port(environ, "THINX_MQTTS_PORT", 8883),
            database_url=environ.get("THINX_DATABASE_URL")
            or f"sqlite:///{data / 'console.sqlite3'}",
            redis_url=environ.get("THINX_REDIS_URL") or "",
            mqtt_broker=environ.get("THINX_MQTT_BROKER") or EMBEDDED,
        )

    @property
    def run(self) -> Path:
        """Sockets, pid files and generated configuration: nothing that outlives a start."""
        return self.data / "run"

    @property
    def log(self) -> Path:
        """One file for each program."""
        return self.data / "log"

    @property
    def state(self) -> Path:
        """Stamps of what is done already."""
        return self.data / "state"

    @property
    def redis_socket(self) -> Path:
        """Where the private Redis listens."""
        return self.run / "redis.sock"

    @property
    def control_socket(self) -> Path:
        """Where supervisord answers questions about its programs."""
        return self.run / "supervisor.sock"

    @property
    def supervisord_conf(self) -> Path:
        """The generated configuration of supervisord."""
        return self.run / "supervisord.conf"

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, or None when the database is a server."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None

    @property
    def tls(self) -> Path:
        """The installation's own CA and what it signed."""
        return self.data / "tls"

    @property
    def ports(self) -> dict[str, int]:
        """The ports, by the variables that move them."""
        return {
            "THINX_HTTP_PORT": self.http_port,
            "THINX_HTTPS_PORT": self.https_port,
            "THINX_MQTT_PORT": self.mqtt_port,
            "THINX_MQTTS_PORT": self.mqtts_port,
        }

    @property
    def local_address(self) -> str:
        """The address at which this machine reaches its own servers."""
        return "127.0.0.1" if self.bind in EVERYWHERE else self.bind

    @property
    def http_url(self) -> str:
        """The console as this machine reaches it."""
        return f"http://{self._local_host}:{self.http_port}"

    @property
    def https_url(self) -> str:
        """The same with TLS."""
        return f"https://{self._local_host}:{self.https_port}"

    @property
    def _local_host(self) -> str:
        return f"[{self.local_address}]" if ":" in self.local_address else self.local_address

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment every program of this copy gets; no password is in it."""
        inherited = {name: value for name, value in environ.items() if name not in BOOTSTRAP}
        return {
            **inherited,
            "THINX_DATA_DIR": str(self.data),
            "THINX_BIND": self.bind,
            **{name: str(port) for name, port in self.ports.items()},
            "PYTHONUNBUFFERED": "1",
            # Each thread that allocates would otherwise get 64 MB of address space of its own
            # and keep what it frees.
            "MALLOC_ARENA_MAX": "2",
            # Celery would import every page to check them; the web process does that already.
            "CELERY_SKIP_CHECKS": "1",
        }

    def make_folders(self) -> None:
        """Create the data folder, readable by its owner only, and what belongs in it."""
        if len(str(self.control_socket)) > LONGEST_SOCKET:
            longest = LONGEST_SOCKET - len("/run/supervisor.sock")
            raise StartError(
                f"The name of the data folder is too long for a socket inside it: {self.data} has "
                f"{len(str(self.data))} characters, {longest} are possible. "
                "Set THINX_DATA_DIR to a shorter one."
            )
        try:
            for folder in (self.data, self.run, self.log, self.state):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"The data folder cannot be used: {error.strerror}: {error.filename}. "
                "Set THINX_DATA_DIR to a folder that may be written to."
            ) from error
        if not os.access(self.data, os.W_OK | os.X_OK):
            raise StartError(
                f"The data folder {self.data} may not be written to. Set THINX_DATA_DIR to another."
            )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise StartError(f"{name} must be a port number from 1 to 65535, not {text!r}.")
    return int(text)
