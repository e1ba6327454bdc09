"""`manage.py simulate_devices`: a fleet of believable devices, until stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.actor import Actor
from accounts.models import User
from accounts.services import personal_organization
from gateway.simulator import Failures, Simulation
from gateway.simulator.failures import share
from gateway.simulator.simulation import MOST_DEVICES
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import api_key_create, api_key_revoke

REPORT_EVERY = 10.0
# Options that are a field of Simulation by the same name.
PASSED_ON = (
    "url", "count", "interval", "seed", "mqtt", "mqtt_share", "connections", "downloads", "part",
    "slow_rate", "ca_file", "spread",
)  # fmt: skip


class Command(BaseCommand):
    """Simulate devices over HTTP and MQTT; Ctrl-C ends it."""

    help = "Register, check in and update believable devices until stopped (docs/simulator.md)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose devices, how many, how often, for how long, and what goes wrong."""
        add = parser.add_argument
        add("--count", type=int, default=50, help="How many devices (50).")
        add("--url", default=settings.PUBLIC_URL, help="Address of the console.")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--email", help="Whose devices; a key is made and revoked at the end.")
        whose.add_argument("--api-key-file", help="File that holds a device key.")
        add("--owner", default="", help="Owner id, for a key of another console.")
        add("--interval", type=float, default=15.0, help="Seconds between check-ins (15).")
        add("--duration", type=float, help="Seconds until it ends by itself.")
        add("--seed", type=int, default=1, help="Another number, other devices.")
        add("--mqtt", default="", help="Broker, like mqtt://127.0.0.1:1883; else all by HTTP.")
        add("--mqtt-share", type=_share, default=1.0, help="How many use MQTT (100%%).")
        add("--ca-file", default="", help="CA of the console's certificate, for https and mqtts.")
        add("--spread", type=float, help="Seconds within which all call first (interval, or 5).")
        add("--connections", type=int, default=64, help="How many check in at once (64).")
        add("--downloads", type=int, default=64, help="How many fetch firmware at once (64).")
        add("--part", type=int, default=0, help="Fetch firmware in parts of so many bytes.")
        add("--slow-rate", type=float, default=4096.0, help="Bytes a second of slow devices.")
        for field in fields(Failures):
            option = f"--{field.name.replace('_', '-')}"
            add(option, type=_share, default=0.0, metavar="SHARE", help="Which share, like 5%%.")
        add("--json", action="store_true", help="Print the final report as JSON, nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate; the key made for --email does not outlive the run."""
        if not 1 <= options["count"] <= MOST_DEVICES or options["interval"] < 0.1:
            raise CommandError(f"Between 1 and {MOST_DEVICES} devices, at least 0.1 s apart.")
        actor = Actor.named_system("simulator")
        key, secret, owner = self._key(actor, options)
        try:
            self._simulate(secret, owner, options)
        finally:
            if key is not None:
                api_key_revoke(actor, key=key)

    def _key(self, actor: Actor, options: dict[str, Any]) -> tuple[ApiKey | None, str, str]:
        """Return the key to revoke at the end, its text, and the owner id."""
        if options["email"]:
            person = User.objects.filter(email__iexact=options["email"].strip()).first()
            if person is None:
                raise CommandError(f"Nobody has an account with {options['email']}.")
            organization = personal_organization(person)
            key, secret = api_key_create(
                actor, organization=organization, alias="Simulated devices"
            )
            return key, secret, organization.owner_id
        try:
            secret = Path(options["api_key_file"]).read_text("utf-8").strip()
        except OSError as error:
            raise CommandError(f"The key cannot be read: {error}") from error
        known = None if options["owner"] else api_key_authenticate(secret)
        if not options["owner"] and known is None:
            raise CommandError("This console does not know the key; give --owner for another one.")
        return None, secret, options["owner"] or known.organization.owner_id  # type: ignore[union-attr]

    def _simulate(self, secret: str, owner: str, options: dict[str, Any]) -> None:
        try:
            simulation = Simulation(
                api_key=secret,
                owner=owner,
                failures=Failures(**{f.name: options[f.name] for f in fields(Failures)}),
                **{name: options[name] for name in PASSED_ON},
            )
        except (ValueError, OSError) as error:
            raise CommandError(f"{error}") from error
        asyncio.run(self._live(simulation, options["duration"], quiet=options["json"]))
        if options["json"]:
            self.stdout.write(json.dumps(simulation.report()))
        else:
            self._say_final(simulation)

    async def _live(self, simulation: Simulation, duration: float | None, *, quiet: bool) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, simulation.stop)
        saying = None
        if not quiet:
            what = f"{simulation.count} devices call {simulation.url}; Ctrl-C ends this."
            self.stdout.write(what)
            saying = asyncio.create_task(self._say(simulation))
        await simulation.live(duration)
        if saying is not None:
            saying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saying

    async def _say(self, simulation: Simulation) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY)
            states = ", ".join(f"{n} {state}" for state, n in simulation.states.items() if n)
            self.stdout.write(f"{time.strftime('%H:%M:%S')}  {_tallied(simulation)}; {states}")
            self.stdout.flush()

    def _say_final(self, simulation: Simulation) -> None:
        found = simulation.report()
        self.stdout.write(f"{time.strftime('%H:%M:%S')}  {_tallied(simulation)}")
        for title in ("states", "modes", "versions", "tally"):
            counts = ", ".join(f"{n} {name}" for name, n in found[title].items())
            self.stdout.write(f"  {title}: {counts or 'none'}")
        if found["last_error"]:
            self.stdout.write(f"  last error: {found['last_error']}")
        self.stdout.flush()


def _tallied(simulation: Simulation) -> str:
    return ", ".join(
        f"{simulation.tally[name]} {name}" for name in ("check-ins", "updates", "errors")
    )


def _share(text: str) -> float:
    try:
        return share(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{error}") from error
