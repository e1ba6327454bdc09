"""`manage.py audit_verify`: check every chain of the audit log."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit import triggers
from audit.verification import Anchor, ChainReport, chains, read_anchors, unmet, verify


class Command(BaseCommand):
    """Name each edit, gap, swap and truncation; end with 1 when there is one."""

    help = "Verify the hash chains of the audit log; exit code 1 when one is broken."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Print the heads on request, and compare with those that were kept elsewhere."""
        parser.add_argument(
            "--heads",
            action="store_true",
            help="Also print the head of each chain, to be kept elsewhere.",
        )
        parser.add_argument(
            "--expect",
            action="append",
            default=[],
            metavar="FILE",
            help="A file with heads that were kept (or an export): each must still be in a chain. "
            "Finds what no chain can show by itself, a tail cut off together with the head.",
        )

    def handle(self, *args: Any, heads: bool, expect: list[str], **options: Any) -> None:
        """Check chain by chain."""
        began = time.monotonic()
        anchors = _anchors(expect)
        reports = [verify(report, anchors) for report in chains()]
        for report in reports:
            self._say(report, heads=heads)
        broken = sum(bool(report.faults) for report in reports)
        lost = [*unmet(anchors, unread=max((report.unread for report in reports), default=0))]
        lost += [f"the trigger {name} is missing: run migrate" for name in self._off()]
        for sentence in lost:
            self.stderr.write(sentence)
        if broken or lost:
            what = f"{broken} of {_count(len(reports), 'chain')}" if broken else "see above"
            raise CommandError(f"Broken: {what}.")
        events = sum(report.events + report.archived for report in reports)
        said = f"{_count(len(reports), 'chain')}, {_count(events, 'event')}"
        self.stdout.write(f"{said}: every chain is whole.")
        if options["verbosity"] > 1:
            seconds = time.monotonic() - began
            self.stdout.write(f"{seconds:.2f} s, {events / max(seconds, 1e-9):,.0f} events/s")

    def _off(self) -> list[str]:
        return triggers.missing(connection)

    def _say(self, report: ChainReport, *, heads: bool) -> None:
        for fault in report.faults:
            self.stderr.write(f"{report.name}: {fault}")
        for note in report.notes:
            self.stdout.write(f"{report.name}: {note}")
        if heads and report.head is not None:
            self.stdout.write(f"{report.name}: {report.head.seq} {report.head.hash}")


def _anchors(paths: list[str]) -> set[Anchor]:
    anchors: set[Anchor] = set()
    for path in paths:
        try:
            found = read_anchors(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        if not found:
            raise CommandError(f"{path} holds no head: a number and 64 hexadecimal digits.")
        anchors |= found
    return anchors


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
