"""`manage.py audit_archive --before DATE`: move closed segments of the audit log into files."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit import segments
from audit.actors import SystemActor
from audit.services import audit_archive
from core.exceptions import DomainError


class Command(BaseCommand):
    """Write, prove, and only then delete; can be run again after any interruption."""

    help = (
        "Move audit events from before a date into THINX_AUDIT_ARCHIVE_DIR, with their proof. "
        "audit_verify goes on from there."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the moment."""
        parser.add_argument(
            "--before",
            required=True,
            metavar="DATE",
            help="2026-01-31, or 2026-01-31T12:00:00+00:00: what happened earlier is archived.",
        )

    def handle(self, *args: Any, before: str, **options: Any) -> None:
        """Archive chain by chain and name each segment."""
        moment = _moment(before)
        if moment > timezone.now():
            raise CommandError(f"{before} is in the future; name a moment that has passed.")
        total = 0
        try:
            for done in audit_archive(SystemActor("audit_archive"), before=moment):
                total += done.events
                self.stdout.write(f"{done.name}: {done.events} events in {done.header.file}")
        except DomainError as error:
            raise CommandError(error.message) from error
        where = f" in {segments.folder()}" if total else ""
        self.stdout.write(f"{total} events archived{where}.")


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
        day = parse_date(text) if moment is None else None
    except ValueError as error:
        raise CommandError(f"{text} is no date: {error}.") from error
    if moment is None and day is not None:
        moment = datetime.combine(day, time.min)
    if moment is None:
        raise CommandError(f"{text} is no date; write it as 2026-01-31.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
