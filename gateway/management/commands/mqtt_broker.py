"""`manage.py mqtt_broker`: the MQTT broker, or what keeps another one in step, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.tls.served import CertificateProblem, ServerContext, served_files
from gateway.mqtt.bridge.running import Bridge
from gateway.mqtt.broker import ConsoleBroker, broker_config
from gateway.mqtt.listeners import follow_certificate, listen_carried, listen_tls
from gateway.mqtt.mosquitto import writer
from gateway.mqtt.mosquitto.refusals import listening
from gateway.mqtt.rabbitmq import guard
from gateway.mqtt.rabbitmq.management import Management

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Listen with and without TLS, and for /mqtt; check every client against its API key.

    With THINX_MQTT_BROKER another broker listens, and this keeps to it what the keys allow.
    """

    help = "Run the MQTT broker, or keep another broker to what API keys allow."
    # A check of all pages would load them; the web process does that.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Allow another address than the one of the settings."""
        parser.add_argument("--bind", default=settings.BIND)
        parser.add_argument("--port", type=int, default=settings.MQTT_PORT)
        parser.add_argument("--tls-port", type=int, default=settings.MQTTS_PORT)

    def handle(self, *args: Any, bind: str, port: int, tls_port: int, **options: Any) -> None:
        """Serve until a signal asks for the end."""
        match settings.MQTT_BROKER:
            case "embedded":
                asyncio.run(serve(bind, port, tls_port, embedded_certificate()))
            case "rabbitmq":
                rounds(
                    guard.Guard(Management(settings.MQTT_MANAGEMENT_URL)).round,
                    guard.SECONDS_BETWEEN,
                )
            case "mosquitto":
                folder, pid_file = Path(settings.MQTT_FOLDER), Path(settings.MQTT_PID_FILE)
                keeper = writer.Writer(folder, pid_file, ("127.0.0.1", port))
                with listening(keeper.refusals, keeper.address):
                    rounds(keeper.round, writer.SECONDS_BETWEEN)
            case other:
                raise CommandError(
                    f"THINX_MQTT_BROKER is embedded, rabbitmq or mosquitto, not {other!r}."
                )


def rounds(once: Any, seconds: float) -> None:
    """Do it again and again until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            once()
        except Exception:
            # The database may be away for a while; what is connected stays so until then.
            logger.exception("a round failed")
        stop.wait(seconds)


def embedded_certificate() -> ServerContext | None:
    """Return the context of the TLS port, or None when there is no certificate for it.

    One that the settings name has to be there; that of the own CA is made by `make run`.
    """
    try:
        files = served_files(settings.TLS_DIR, settings.TLS_CERTIFICATE, settings.TLS_KEY)
        if not settings.TLS_CERTIFICATE and not files.stamp:
            return None
        return ServerContext(files)
    except CertificateProblem as problem:
        raise CommandError(str(problem)) from problem


async def serve(bind: str, port: int, tls_port: int, served: ServerContext | None) -> None:
    """Run the broker, its doors and its access watch until SIGTERM or SIGINT."""
    # amqtt tells of every connection, health probes included; ours tell what matters.
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    broker = ConsoleBroker(broker_config(bind, port))
    bridge = Bridge(broker.say, lambda: True, broker.connected_devices, broker)
    broker.ear = bridge.hear
    bridge.start()
    await broker.start()
    await listen_carried(broker, settings.MQTT_SOCKET)
    watches = [asyncio.create_task(broker.watch_access())]
    if served is not None:
        await listen_tls(broker, bind, tls_port, served)
        watches.append(asyncio.create_task(follow_certificate(served)))
    await stop.wait()
    for watch in watches:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
    await broker.shutdown()
    await asyncio.to_thread(bridge.close)
    settings.MQTT_SOCKET.unlink(missing_ok=True)
