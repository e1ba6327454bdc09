"""`manage.py simulate_devices`: a fleet of believable devices, until stopped."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.actor import Actor
from accounts.models import User
from accounts.services import personal_organization
from gateway.simulator import Simulation
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import api_key_create, api_key_revoke

REPORT_EVERY = 10.0


class Command(BaseCommand):
    """Simulate devices over HTTP; Ctrl-C ends it."""

    help = "Register and check in believable devices over HTTP until stopped."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose devices, how many, how often and for how long."""
        parser.add_argument("--count", type=int, default=50, help="How many devices (50).")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="Address of the console.")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--email", help="Whose devices; a key is made and revoked at the end.")
        whose.add_argument("--api-key-file", help="File that holds a device key.")
        parser.add_argument("--owner", default="", help="Owner id, for a key of another console.")
        parser.add_argument(
            "--interval", type=float, default=15.0, help="Seconds between check-ins (15)."
        )
        parser.add_argument("--duration", type=float, help="Seconds until it ends by itself.")
        parser.add_argument("--seed", type=int, default=1, help="Another number, other devices.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate; the key made for --email does not outlive the run."""
        if not 1 <= options["count"] <= 10_000 or options["interval"] < 0.1:
            raise CommandError("Between 1 and 10000 devices, at least 0.1 s apart.")
        actor = Actor.named_system("simulator")
        key, secret, owner = self._key(actor, options)
        simulation = Simulation(
            url=options["url"],
            api_key=secret,
            owner=owner,
            count=options["count"],
            interval=options["interval"],
            seed=options["seed"],
        )
        try:
            self._run(simulation, options["duration"])
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

    def _run(self, simulation: Simulation, duration: float | None) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        runner = threading.Thread(target=simulation.run, args=(stop,))
        runner.start()
        self.stdout.write(f"{simulation.count} devices call {simulation.url}; Ctrl-C ends this.")
        ends = time.monotonic() + duration if duration else None
        while not stop.wait(min(REPORT_EVERY, ends - time.monotonic() if ends else REPORT_EVERY)):
            self._report(simulation)
            if ends and time.monotonic() >= ends:
                stop.set()
        runner.join()
        self._report(simulation)

    def _report(self, simulation: Simulation) -> None:
        tally = simulation.tally
        text = ", ".join(f"{tally[name]} {name}" for name in ("check-ins", "updates", "errors"))
        last = f" (last: {simulation.last_error})" if simulation.last_error else ""
        self.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}{last}")
        self.stdout.flush()
