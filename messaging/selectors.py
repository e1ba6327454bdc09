"""Reads of messages and questions that pages share."""

from __future__ import annotations

from typing import Any

from core.scoping import ActorLike
from messaging.choices import QuestionState
from messaging.models import DeviceQuestion


def open_question(actor: ActorLike, device: Any) -> DeviceQuestion | None:
    """Return what the device asks now, if the actor may view it."""
    rows = DeviceQuestion.objects.allowed(actor).filter(device=device, state=QuestionState.OPEN)
    question = rows.first()
    if question is not None:
        question.device = device
    return question
