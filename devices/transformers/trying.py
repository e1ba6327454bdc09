"""Running a script on a device's last statuses before it is saved, and checking its syntax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.scoping import get_allowed
from devices.models import Device
from devices.transformers.constants import RECENT, TRY_SECONDS
from devices.transformers.document import device_document
from devices.transformers.engine import Job, Outcome, engine
from devices.transformers.running import Link, Run, run_chains
from devices.transformers.selectors import SaidStatus, recent_statuses
from devices.transformers.services import clean_body

SAMPLE_DEVICE = (
    '{"udid": "00000000-0000-0000-0000-000000000000", "alias": "sample", "mac": "", '
    '"platform": "unknown", "version": "0", "tags": [], "status": ""}'
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One status beside what the script makes of it."""

    said: SaidStatus
    text: str
    level: str
    error: str
    line: int = 0
    column: int = 0


def script_check(body: str) -> Outcome:
    """Compile a script; the outcome says what is wrong, and where. Raises EngineUnavailable."""
    return engine().run([Job(clean_body(body), None)], budget=TRY_SECONDS)[0]


def script_try(
    actor: Any, *, body: str, device: Device | None = None, samples: Sequence[str] = ()
) -> list[Tried]:
    """Run a script on samples and on what a device said last; nothing is stored.

    404 for a device that the actor may not view. Raises EngineUnavailable.
    """
    said = [SaidStatus(text) for text in samples][:RECENT]
    document = SAMPLE_DEVICE
    if device is not None:
        rows = Device.objects.select_related("organization", "state")
        device = get_allowed(rows, actor, "view", pk=device.pk)
        said += recent_statuses(device, RECENT)
        document = device_document(device)
    chain = [Link(clean_body(body))]
    runs = [Run(entry.text, document, chain) for entry in said]
    run_chains(runs, budget=TRY_SECONDS)
    return [_tried(entry, run) for entry, run in zip(said, runs, strict=True)]


def _tried(said: SaidStatus, run: Run) -> Tried:
    place = (run.outcome.line, run.outcome.column) if run.outcome else (0, 0)
    return Tried(said, run.text, run.level, run.error, *place)
