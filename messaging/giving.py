"""Messages and questions of a device that goes to another organization (see devices.giving)."""

from __future__ import annotations

from typing import Any

from messaging.choices import PublicationState, QuestionState
from messaging.models import DeviceQuestion, Publication
from messaging.question_services import question_dismiss


def device_messages_give(actor: Any, *, device: Any) -> None:
    """Put open questions away, and publish nothing more for the former owner. Audits."""
    asked = DeviceQuestion.objects.filter(device=device, state=QuestionState.OPEN)
    for question in asked.select_related("device__organization"):
        question_dismiss(actor, question=question)
    waiting = Publication.objects.filter(device=device, state=PublicationState.QUEUED)
    waiting.update(state=PublicationState.EXPIRED, payload="")
