"""Questions of devices: asked, answered, confirmed."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from messaging import events
from messaging.choices import QuestionState
from messaging.models import DeviceQuestion
from messaging.payloads import device_json
from messaging.services import publish_on_commit

YES, NO = "yes", "no"


def question_ask(
    actor: Any, *, device: Any, title: str, body: str, wants_bool: bool
) -> DeviceQuestion | None:
    """Take a question of a device; None while an earlier one is open. Audits, broadcasts."""
    if DeviceQuestion.objects.filter(device=device, state=QuestionState.OPEN).exists():
        return None
    try:
        with transaction.atomic():
            question = DeviceQuestion.objects.create(
                device=device, title=title, body=body, wants_bool=wants_bool
            )
            record(
                actor,
                events.QuestionAsked,
                device,
                organization=device.organization,
                title=title,
                body=body,
            )
            _tell(question)
            return question
    except IntegrityError:
        return None  # two at once


@transaction.atomic
def question_answer(actor: Any, *, question: DeviceQuestion, reply: str) -> DeviceQuestion:
    """Answer a device, in both forms that its libraries know. Audits, broadcasts.

    Raises DomainError (messaging.answer_yes_or_no), Conflict (messaging.not_open).
    """
    said: Any = reply.strip()[:400]
    if question.wants_bool:
        if said.lower() not in {YES, NO, "true", "false"}:
            raise DomainError(
                "messaging.answer_yes_or_no",
                "The device wants yes or no.",
                fields={"reply": ["Answer yes or no."]},
            )
        said = said.lower() in {YES, "true"}
    elif not said:
        raise DomainError(
            "messaging.answer_empty", "Write an answer.", fields={"reply": ["Write an answer."]}
        )
    shown = said if isinstance(said, str) else (YES if said else NO)
    _move(question, QuestionState.ANSWERED, answer=shown, answered_at=timezone.now(), actor=actor)
    device = question.device
    topic = f"/{device.organization.owner_id}/{device.udid}"
    kind = "bool" if question.wants_bool else "string"
    for content in (
        {"nid": f"nid:{device.udid}", "reply": said},
        {"notification": {"response_type": kind, "response": said}},
    ):
        publish_on_commit(
            topic, device_json(content), organization=device.organization, device=device
        )
    _record(actor, events.QuestionAnswered, question, answer=shown)
    return question


@transaction.atomic
def question_dismiss(actor: Any, *, question: DeviceQuestion) -> DeviceQuestion:
    """Put a question away; the device is told nothing. Audits, broadcasts.

    Raises Conflict (messaging.not_open).
    """
    _move(question, QuestionState.DISMISSED, answered_at=timezone.now(), actor=actor)
    _record(actor, events.QuestionDismissed, question)
    return question


@transaction.atomic
def question_confirmed(actor: Any, *, device: Any) -> None:
    """Note that a device confirmed the answer it got last. Audits, broadcasts."""
    rows = DeviceQuestion.objects.filter(device=device, state=QuestionState.ANSWERED)
    question = rows.select_related("device__organization").order_by("-answered_at").first()
    if question is None:
        return
    done = DeviceQuestion.objects.filter(pk=question.pk, state=QuestionState.ANSWERED)
    if done.update(state=QuestionState.DONE, done_at=timezone.now()):
        _record(actor, events.QuestionDone, question, answer=question.answer)


def _move(question: DeviceQuestion, state: QuestionState, *, actor: Any, **fields: Any) -> None:
    rows = DeviceQuestion.objects.filter(pk=question.pk, state=QuestionState.OPEN)
    fields["answered_by"] = actor.user
    if not rows.update(state=state, **fields):
        raise Conflict("messaging.not_open", "Somebody has dealt with this question already.")
    for name, value in {"state": state, **fields}.items():
        setattr(question, name, value)


def _record(actor: Any, event: Any, question: DeviceQuestion, **data: Any) -> None:
    device = question.device
    record(actor, event, device, organization=device.organization, question=question.body, **data)
    _tell(question)


def _tell(question: DeviceQuestion) -> None:
    device = question.device
    changed_on_commit(question, f"org.{device.organization.uid}", f"device.{device.uid}")
