"""The gateway for development."""

from __future__ import annotations

import sys
import uuid

from core.sms import SmsGateway, gateways


@gateways.register
class Console(SmsGateway):
    """Prints each SMS where the worker runs: whoever reads that output reads the codes."""

    slug = "console"
    label = "Standard output"

    def send(self, to: str, text: str) -> str:
        """Print it."""
        reference = f"{uuid.uuid4()}"
        sys.stdout.write(f"SMS to {to}: {text}\n")
        sys.stdout.flush()
        return reference
