"""`manage.py mqtt_broker`: the MQTT broker of the embedded profile, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.mqtt.bridge.running import Bridge
from gateway.mqtt.broker import ConsoleBroker, broker_config


class Command(BaseCommand):
    """Listen on THINX_BIND and THINX_MQTT_PORT and check every client against its API key."""

    help = "Run the MQTT broker; API keys are its passwords."
    # A check of all pages would load them; the web process does that.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Allow another address than the one of the settings."""
        parser.add_argument("--bind", default=settings.BIND)
        parser.add_argument("--port", type=int, default=settings.MQTT_PORT)

    def handle(self, *args: Any, bind: str, port: int, **options: Any) -> None:
        """Serve until a signal asks for the end."""
        asyncio.run(serve(bind, port))


async def serve(bind: str, port: int) -> None:
    """Run the broker and its access watch until SIGTERM or SIGINT."""
    # amqtt tells of every connection, health probes included; ours tell what matters.
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    broker = ConsoleBroker(broker_config(bind, port))
    bridge = Bridge(broker.say, lambda: True)
    broker.ear = bridge.hear
    bridge.start()
    await broker.start()
    watch = asyncio.create_task(broker.watch_access())
    await stop.wait()
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    await broker.shutdown()
    await asyncio.to_thread(bridge.close)
