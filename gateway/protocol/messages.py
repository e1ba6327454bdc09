"""What a device says on its `status` topic: a registration, a status, a question, an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devices.reports import LIMITS
from gateway.protocol import values
from gateway.protocol.errors import ProtocolError
from gateway.protocol.lenient import NotAnObject, read_value
from gateway.protocol.requests import Registration, registration_of

CONNECTED = "connected"
GONE = "disconnected"
LONGEST_QUESTION = 1000
LONGEST_ANSWER = 400
BOOLEAN = {"bool", "boolean"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a person is to answer; with `wants_bool` by yes or no."""

    title: str
    body: str
    wants_bool: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One message, as the device meant it; what it did not say is None."""

    registration: Registration | None = None
    status: str | None = None
    is_gone: bool = False
    asked: Asked | None = None
    answer: str | None = None


NOTHING = Said()


def read_message(payload: bytes) -> Said:
    """Read a message of the `status` topic; what makes no sense says nothing. Never raises."""
    text = payload.decode("utf-8-sig", "replace")
    try:
        content = read_value(text)
    except NotAnObject:
        return _of_status(_plain(payload, text))
    if isinstance(content, dict):
        return _of_object(content)
    return _of_status(_status(content)) if isinstance(content, str | int | float) else NOTHING


def _of_object(content: dict[str, Any]) -> Said:
    if content.get("registration"):
        try:
            return Said(registration=registration_of(content))
        except ProtocolError:
            return NOTHING
    notification = content.get("notification")
    if isinstance(notification, dict):
        return _of_notification(notification, content)
    if content.get("type") == "actionable" and "response_type" in content:
        return Said(asked=_asked(content))
    if "status" not in content and isinstance(content.get("connected"), bool):
        return Said(is_gone=not content["connected"])
    return _of_status(_status(content.get("status")))


def _of_status(status: str | None) -> Said:
    return Said(is_gone=True) if status == GONE else Said(status=status)


def _of_notification(notification: dict[str, Any], content: dict[str, Any]) -> Said:
    """Tell an answer from a question: an answer carries a response, or names its question."""
    response = notification.get("response")
    named = "nid" in notification or "nid" in content
    if response or (named and response is not None):
        return Said(answer=values.text(response, LONGEST_ANSWER) or "")
    return Said(asked=_asked(notification))


def _asked(said: dict[str, Any]) -> Asked | None:
    body = values.text(said.get("body"), LONGEST_QUESTION) or ""
    title = values.text(said.get("title"), 200) or ""
    if not body and not title:
        return None
    wanted = values.text(said.get("response_type"), 16) or ""
    return Asked(title, body or title, wants_bool=wanted.lower() in BOOLEAN)


def _status(value: object) -> str | None:
    return values.text(value, LIMITS["status"])


def _plain(payload: bytes, text: str) -> str | None:
    """Take a text for a status, but not what is no text at all."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return None
    if len(payload) > LIMITS["status"] * 4 or "\x00" in text:
        return None
    return _status(text.strip()) or None
