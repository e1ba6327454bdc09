"""Check proofs of transfer that somebody downloaded."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.exceptions import DomainError
from fleet.transfers.proofs import all_events, proof_check


class Command(BaseCommand):
    """`manage.py transfer_verify FILE`: ends with 1 when anything in it is not as it says."""

    help = "Check proofs of transfer: the signature, and the audit logs of both sides."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check each proof of the file."""
        try:
            said = json.loads(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot read the file: {error}") from None
        proofs = said.get("proofs", [said]) if isinstance(said, dict) else said
        if not isinstance(proofs, list) or not proofs:
            raise CommandError("the file holds no proof")
        bad = sum(not self._is_good(proof) for proof in proofs)
        if bad:
            raise CommandError("not every proof is good")

    def _is_good(self, proof: Any) -> bool:
        try:
            verdict = proof_check(proof if isinstance(proof, dict) else {}, all_events())
        except DomainError as error:
            raise CommandError(error.message) from None
        signed = "signed here" if verdict.is_signed else "NOT SIGNED HERE"
        self.stdout.write(
            f"{verdict.digest}: {signed}, in {verdict.recorded} audit logs: "
            f"{'good' if verdict.is_valid else 'NOT GOOD'}"
        )
        return verdict.is_valid
