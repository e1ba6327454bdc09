"""`manage.py rotate_master_key`: seal every secret with a new key while the console runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.crypto import keyring_at
from core.exceptions import DomainError
from core.rotation import key_prepare, key_retire, key_rotate, keys_in_use, reseal


class Command(BaseCommand):
    """Names each column that was sealed anew; can be run again after any interruption."""

    help = (
        "Make a new master key and seal every secret with it. The console may run meanwhile; an "
        "interrupted rotation goes on. Sessions and links stay valid."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer the steps that a rotation may be taken apart into."""
        steps = parser.add_mutually_exclusive_group()
        steps.add_argument(
            "--prepare",
            action="store_true",
            help="Only add a key that opens and does not seal yet: with many machines, give each "
            "the file, then rotate.",
        )
        steps.add_argument(
            "--retire",
            action="store_true",
            help="Remove the old keys from the file, a day after the rotation.",
        )
        steps.add_argument(
            "--status", action="store_true", help="Only say how many secrets each key seals."
        )
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="With --retire: do not wait for messages that may still need the old key.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the step asked for."""
        path = Path(settings.MASTER_KEY_FILE)
        try:
            if options["prepare"]:
                self.stdout.write(f"Key {key_prepare(path)} waits in {path}.")
            elif options["retire"]:
                self._retire(path, at_once=options["at_once"])
            elif options["status"]:
                self._status(path)
            else:
                self._rotate(path)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _rotate(self, path: Path) -> None:
        key_id, is_new = key_rotate(path)
        word = "seals from now on" if is_new else "goes on where it was interrupted"
        self.stdout.write(f"Key {key_id} {word}.")
        unreadable = 0
        for column in reseal(path):
            unreadable += column.unreadable
            self.stdout.write(f"{column.label}: {column.sealed} sealed anew")
            if column.unreadable:
                self.stderr.write(f"{column.label}: {column.unreadable} do not open with any key")
        left = sum(rows for key, rows in keys_in_use().items() if key != key_id)
        if left:
            raise CommandError(
                f"{left} secrets are not sealed with the new key"
                + (f", {unreadable} of them do not open at all." if unreadable else ".")
            )
        self.stdout.write(
            f"Every secret is sealed with it. Back up {path} now; run --retire in a day."
        )

    def _retire(self, path: Path, *, at_once: bool) -> None:
        retired = key_retire(path, at_once=at_once)
        said = f"Retired: {', '.join(retired)}." if retired else "There is no old key."
        self.stdout.write(f"{said} Backups of before need the file of before.")

    def _status(self, path: Path) -> None:
        ring, used = keyring_at(path), keys_in_use()
        for key_id in ring.keys:
            role = (
                "current" if key_id == ring.current else "waits" if key_id == ring.next else "old"
            )
            self.stdout.write(f"{key_id} {role}: {used.pop(key_id, 0)} secrets")
        for key_id, rows in used.items():
            self.stdout.write(f"{key_id} missing: {rows} secrets cannot be opened")
