"""`manage.py mqtt_bridge`: the console as a client of RabbitMQ or Mosquitto, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway.mqtt.bridge.link import bridged


class Command(BaseCommand):
    """Listen to every device at the broker of THINX_MQTT_URL.

    The console's own broker has the bridge inside and needs no other.
    """

    help = "Listen to the devices at an MQTT broker that is not the console's own."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Allow another broker than the one of the settings; credentials stay in the settings."""
        parser.add_argument("--url", default="")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        """Listen until a signal asks for the end."""
        asyncio.run(serve(url or settings.MQTT_BRIDGE_URL))


async def serve(url: str) -> None:
    """Run the bridge until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with bridged(url):
        await stop.wait()
