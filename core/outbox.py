"""The folder that takes mail and SMS while no server for them is set: `DATA_DIR/outbox/`."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from django.conf import settings

KEPT = 500
STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class OutboxMessage:
    """One message as it lies there; `text` and `html` are only read for a single one."""

    uid: uuid.UUID
    kind: str
    at: datetime
    to: str
    subject: str
    text: str = ""
    html: str = ""

    def __str__(self) -> str:
        return self.subject


def outbox_put_mail(content: bytes) -> uuid.UUID:
    """Keep one mail, as it would have gone over the wire."""
    return _put("eml", content)


def outbox_put_sms(to: str, text: str) -> uuid.UUID:
    """Keep one SMS."""
    return _put("sms", json.dumps({"to": to, "text": text}, ensure_ascii=False).encode())


def outbox_messages() -> Iterator[OutboxMessage]:
    """Yield what lies there, the newest first, without the bodies of mails."""
    for path in reversed(_files()):
        with contextlib.suppress(OSError, ValueError):
            yield _read(path, whole=False)


def outbox_message(uid: uuid.UUID) -> OutboxMessage | None:
    """Return one message with what it says; None when it is not (or no longer) there."""
    for path in settings.OUTBOX_DIR.glob(f"*-{uid.hex}.*"):
        with contextlib.suppress(FileNotFoundError):
            return _read(path, whole=True)
    return None


def _put(kind: str, content: bytes) -> uuid.UUID:
    folder, uid = settings.OUTBOX_DIR, uuid.uuid4()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    hidden = folder / f".{uid.hex}"
    with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    hidden.rename(folder / f"{datetime.now(tz=UTC).strftime(STAMP)}-{uid.hex}.{kind}")
    for old in _files()[:-KEPT]:
        old.unlink(missing_ok=True)
    return uid


def _files() -> list[Path]:
    """Return the messages by age; their names begin with when they came."""
    return sorted(settings.OUTBOX_DIR.glob("[0-9]*-*.*"))


def _read(path: Path, *, whole: bool) -> OutboxMessage:
    stamp, _, code = path.stem.partition("-")
    at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    uid, content = uuid.UUID(code), path.read_bytes()
    if path.suffix == ".sms":
        sms = json.loads(content)
        return OutboxMessage(uid, "sms", at, sms["to"], sms["text"].split("\n")[0], sms["text"])
    mail = message_from_bytes(content)
    found = OutboxMessage(uid, "mail", at, _header(mail, "To"), _header(mail, "Subject"))
    return replace(found, **_bodies(content)) if whole else found


def _header(mail: Message, name: str) -> str:
    return f"{make_header(decode_header(mail.get(name, '')))}"


def _bodies(content: bytes) -> dict[str, Any]:
    """Return the text and the HTML of a mail."""
    mail = message_from_bytes(content, policy=default)
    bodies = {"text": mail.get_body(("plain",)), "html": mail.get_body(("html",))}  # type: ignore[attr-defined]
    return {name: part.get_content() for name, part in bodies.items() if part is not None}
