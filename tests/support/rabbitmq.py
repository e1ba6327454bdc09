"""A private RabbitMQ that asks a console about everybody, with an epmd that ends with it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import free_port, need, running, short_folder

PLUGINS = "rabbitmq_mqtt,rabbitmq_web_mqtt,rabbitmq_auth_backend_http,rabbitmq_management"
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONF = """
listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{mqtt}
mqtt.allow_anonymous = false
web_mqtt.tcp.ip = 127.0.0.1
web_mqtt.tcp.port = {web}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
auth_backends.1 = http
auth_http.http_method = post
auth_http.user_path = {console}/mqtt/user
auth_http.vhost_path = {console}/mqtt/vhost
auth_http.resource_path = {console}/mqtt/resource
auth_http.topic_path = {console}/mqtt/topic
log.console = true
log.console.level = warning
log.file = false
"""


@dataclass(frozen=True)
class RabbitMq:
    """A running broker: MQTT, MQTT over WebSocket, and the management API."""

    mqtt: int
    web: int
    management: int

    @property
    def management_url(self) -> str:
        """Return where its management API is."""
        return f"http://127.0.0.1:{self.management}"


@contextlib.contextmanager
def private_rabbitmq(console_url: str) -> Iterator[RabbitMq]:
    """Run a RabbitMQ of our own that asks the console at this address."""
    server = RabbitMq(free_port(), free_port(), free_port())
    epmd = free_port()
    with short_folder("thinx-rabbit-") as folder:
        conf = CONF.format(
            mqtt=server.mqtt, web=server.web, management=server.management, console=console_url
        )
        (folder / "rabbitmq.conf").write_text(conf)
        (folder / "plugins").write_text(f"[{PLUGINS}].")
        environment = _environment(folder, epmd)
        # Erlang's own would stay behind as a daemon.
        names = [need("epmd", "erlang-base"), "-port", str(epmd), "-address", "127.0.0.1"]
        with (
            running(names, ready=lambda: _listens(epmd), log=folder / "epmd.log", env=environment),
            running(
                [need("rabbitmq-server", "rabbitmq-server", SERVER)],
                ready=lambda: _listens(server.mqtt) and _listens(server.management),
                log=folder / "log",
                seconds=300,
                env=environment,
            ) as process,
        ):
            yield server
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)


def _environment(folder: Path, epmd: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"thinx{epmd}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        # One process that ends when it is told, and does not spin while it waits.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-noinput +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}"
        ),
    }


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
