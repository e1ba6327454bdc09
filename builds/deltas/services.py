"""All writes to deltas: asked for by the gateway, made by a worker, swept by beat."""

from __future__ import annotations

import logging
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from builds.constants import DELTA_TASK
from builds.deltas.making import LARGEST, make_delta
from builds.deltas.models import Delta, DeltaState
from builds.models import Artifact
from builds.services.artifacts import artifact_open
from core.jobs import enqueue

logger = logging.getLogger(__name__)

# A delta that is hardly smaller only costs the device time.
WORTH = 0.8
LOST_AFTER = timedelta(minutes=6)
RESEND_AFTER = timedelta(seconds=60)
UNUSED_AFTER = timedelta(days=14)
NOTED_EVERY = timedelta(days=1)
PORTION = 200


@transaction.atomic
def delta_ask(*, base: Artifact, target: Artifact) -> Delta:
    """Return the delta of a pair; the first time one is begun, and a worker woken."""
    delta, is_new = Delta.objects.get_or_create(
        base=base, target=target, defaults={"state": _first_state(base, target)}
    )
    now = timezone.now()
    if is_new and delta.state == DeltaState.WAITING:
        enqueue(DELTA_TASK, queue="builds", delta_id=delta.pk)
    elif now - delta.used_at > NOTED_EVERY:
        Delta.objects.filter(pk=delta.pk).update(used_at=now)
    return delta


def delta_make(delta_id: int) -> None:
    """Make one delta that waits; a task delivered twice finds it taken."""
    if not _move(delta_id, DeltaState.WAITING, DeltaState.MAKING):
        return
    delta = Delta.objects.select_related("base", "target").get(pk=delta_id)
    with tempfile.TemporaryDirectory(prefix="thinx-delta-") as folder:
        made = _made(delta, Path(folder))
        if made is None:
            _move(delta_id, DeltaState.MAKING, DeltaState.USELESS)
            return
        _publish(delta, made)


def deltas_sweep() -> None:
    """Take up what a dead worker left, wake for what waits, drop what nobody fetched for long."""
    now = timezone.now()
    lost = Delta.objects.filter(state=DeltaState.MAKING, changed_at__lt=now - LOST_AFTER)
    lost.update(state=DeltaState.WAITING, changed_at=now - RESEND_AFTER)
    waiting = Delta.objects.filter(state=DeltaState.WAITING, changed_at__lte=now - RESEND_AFTER)
    for pk in list(waiting.values_list("pk", flat=True)[:PORTION]):
        with transaction.atomic():
            if waiting.filter(pk=pk).update(changed_at=now):
                enqueue(DELTA_TASK, queue="builds", delta_id=pk)
    unused = Delta.objects.filter(used_at__lt=now - UNUSED_AFTER).order_by("pk")
    for delta in unused[:PORTION]:
        delta.delete()


def _first_state(base: Artifact, target: Artifact) -> DeltaState:
    fits = max(base.size, target.size) <= LARGEST
    return DeltaState.WAITING if fits else DeltaState.USELESS


def _made(delta: Delta, folder: Path) -> Path | None:
    """Return the finished file, or None when there is none that is worth sending."""
    base, target, made = (folder / name for name in ("base", "target", "delta"))
    try:
        for artifact, path in ((delta.base, base), (delta.target, target)):
            with artifact_open(artifact) as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
    except OSError as error:
        logger.warning("no delta %s: %s", delta.pk, error)
        return None
    if not make_delta(base, target, made):
        logger.warning("no delta %s: it could not be made", delta.pk)
        return None
    return made if made.stat().st_size <= WORTH * delta.target.size else None


def _publish(delta: Delta, made: Path) -> None:
    name = f"{Path(delta.target.file).parent}/{delta.base.sha256[:16]}.delta"
    with made.open("rb") as file:
        stored = default_storage.save(name, File(file))
    facts = {"file": stored, "size": made.stat().st_size}
    if not _move(delta.pk, DeltaState.MAKING, DeltaState.READY, **facts):
        default_storage.delete(stored)  # taken for dead and made again, or deleted meanwhile


def _move(pk: int, source: DeltaState, to: DeltaState, **facts: Any) -> bool:
    rows = Delta.objects.filter(pk=pk, state=source)
    return rows.update(state=to, changed_at=timezone.now(), **facts) == 1
