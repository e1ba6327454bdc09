"""What tests read of the mail and SMS that were sent.

In the test process mail is in Django's `mail.outbox` and SMS in the outbox folder. Of a console
that runs by itself, give `folder`: the `outbox` folder below its data folder has both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.core import mail
from django.test import override_settings

from core.outbox import outbox_message, outbox_messages


@dataclass(frozen=True)
class Mail:
    """One mail, however it was found."""

    to: str
    subject: str
    text: str
    html: str


def last_mail(to: str, folder: Path | None = None) -> Mail:
    """Return the newest mail to this address; fails when there is none."""
    if folder is not None:
        found = _newest("mail", to, folder)
        return Mail(found.to, found.subject, found.text, found.html)
    for sent in reversed(mail.outbox):
        if to in sent.to:
            html = next((part.content for part in sent.alternatives), "")
            return Mail(to, sent.subject, sent.body, html)
    raise AssertionError(f"no mail to {to}, only to {[sent.to for sent in mail.outbox]}")


def mails_to(to: str) -> list[str]:
    """Return the subjects of all mail to this address, the oldest first."""
    return [sent.subject for sent in mail.outbox if to in sent.to]


def last_sms(to: str, folder: Path | None = None) -> str:
    """Return the text of the newest SMS to this number; fails when there is none."""
    return _newest("sms", to, folder).text


def links_in(found: Mail) -> list[str]:
    """Return the addresses in the text of a mail, in order."""
    return re.findall(r"https?://[^\s<>\"]+", found.text)


def code_in(text: str) -> str:
    """Return the first group of six to eight digits."""
    found = re.search(r"(?<!\d)\d{6,8}(?!\d)", text)
    assert found, text
    return found[0]


def _newest(kind: str, to: str, folder: Path | None):
    def find():
        for message in outbox_messages():
            if message.kind == kind and message.to == to:
                return outbox_message(message.uid)
        raise AssertionError(f"no {kind} to {to}")

    if folder is None:
        return find()
    with override_settings(OUTBOX_DIR=folder):
        return find()
