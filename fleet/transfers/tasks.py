"""Celery's side of transfers: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from accounts.actor import Actor
from fleet.transfers.constants import MOVE_TASK, SWEEP_TASK
from fleet.transfers.moving import transfers_finish, transfers_move
from fleet.transfers.services import transfers_expire


@shared_task(name=MOVE_TASK)
def move(transfer_uid: str, **_: Any) -> None:
    """Move what was accepted of one transfer."""
    transfers_move(Actor.named_system(MOVE_TASK), uid=transfer_uid)


@shared_task(name=SWEEP_TASK)
def sweep(**_: Any) -> None:
    """Go on with what a worker left, and end what nobody answered."""
    actor = Actor.named_system(SWEEP_TASK)
    transfers_move(actor)
    transfers_finish(actor)
    transfers_expire(actor)
