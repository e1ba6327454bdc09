"""`manage.py audit_verify`: check every chain of the audit log."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import AuditEvent, AuditHead
from audit.recorder import chain_faults


class Command(BaseCommand):
    """Name each edit, gap, swap and truncation; end with 1 when there is one."""

    help = "Verify the hash chains of the audit log; exit code 1 when one is broken."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Print the heads on request, to be kept elsewhere and compared later."""
        parser.add_argument(
            "--heads", action="store_true", help="Also print the head of each chain."
        )

    def handle(self, *args: Any, heads: bool, **options: Any) -> None:
        """Check chain by chain."""
        names = _chains()
        broken = 0
        for key, name in names.items():
            faults = list(chain_faults(key))
            broken += bool(faults)
            for fault in faults:
                self.stderr.write(f"{name}: {fault}")
            if heads:
                self._print_head(key, name)
        total = AuditEvent.objects.count()
        if broken:
            raise CommandError(f"Broken: {broken} of {_count(len(names), 'chain')}.")
        said = f"{_count(len(names), 'chain')}, {_count(total, 'event')}"
        self.stdout.write(f"{said}: every chain is whole.")

    def _print_head(self, key: int | None, name: str) -> None:
        head = AuditHead.objects.filter(organization_id=key).first()
        if head is not None:
            self.stdout.write(f"{name}: {head.seq} {head.hash}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _chains() -> dict[int | None, str]:
    """Return the organization of each chain; one that lost its head is found by its events."""
    keys = set(AuditHead.objects.values_list("organization_id", flat=True))
    keys |= set(AuditEvent.objects.order_by().values_list("organization_id", flat=True).distinct())
    names = AuditHead.objects.filter(organization__isnull=False).values_list(
        "organization_id", "organization__name"
    )
    known = dict(names)
    found = sorted(keys, key=lambda key: (key is not None, key))
    return {key: _name(key, known) for key in found}


def _name(key: int | None, known: dict[int, str]) -> str:
    if key is None:
        return "installation"
    return known.get(key) or f"organization {key}"
