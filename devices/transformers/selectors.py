"""Reads of transformers that pages and the API share."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.health import state_of
from devices.models import Device
from devices.transformers.constants import RECENT
from devices.transformers.models import DeviceTransformer, StatusTransformer


@dataclass(frozen=True, slots=True)
class SaidStatus:
    """One status as a device said it."""

    text: str
    at: datetime | None = None


History = Callable[[Device, int], list[SaidStatus]]
_histories: list[History] = []


def statuses_from(history: History) -> History:
    """Register who remembers what a device said, newest first; an app above this one does."""
    _histories.append(history)
    return history


def recent_statuses(device: Device, limit: int = RECENT) -> list[SaidStatus]:
    """Return what a device said lately, the newest first, each text once.

    Without a history that is the last status alone.
    """
    state = state_of(device)
    found = [SaidStatus(state.status_raw, state.last_seen_at)] if state.status_raw else []
    for history in _histories:
        found += history(device, limit)
    return list({said.text: said for said in reversed(found)}.values())[::-1][:limit]


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One place of a chain as a reader may see it: None for a transformer not shared with them."""

    position: int
    transformer: StatusTransformer | None


def chain_shown(actor: Any, device: Device) -> list[ChainLink]:
    """Return the chain of a device, telling nothing of transformers the reader may not view."""
    links = DeviceTransformer.objects.filter(device=device).order_by("position")
    pairs = list(links.values_list("position", "transformer_id"))
    if not pairs:
        return []
    visible = StatusTransformer.objects.allowed(actor).filter(pk__in=[pk for _, pk in pairs])
    known = {transformer.pk: transformer for transformer in visible}
    return [ChainLink(position, known.get(pk)) for position, pk in pairs]


def devices_using(actor: Any, transformer: StatusTransformer) -> Any:
    """Return the devices in whose chain the transformer is, as far as the reader may see them."""
    rows = Device.objects.allowed(actor).filter(chain__transformer=transformer)
    return rows.select_related("state").order_by("alias", "pk")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: kind is same, added, removed or skipped."""

    kind: str
    text: str


def diff_lines(before: str, after: str) -> list[DiffLine]:
    """Return what changed between two scripts, with three lines around each change."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    kinds = {"+": "added", "-": "removed", " ": "same", "@": "skipped"}
    return [DiffLine(kinds[line[0]], line[1:] if line[0] != "@" else line) for line in lines][2:]
