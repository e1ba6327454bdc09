"""Django's e-mail backend of the embedded profile."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.outbox import outbox_put_mail


class OutboxBackend(BaseEmailBackend):
    """Writes each mail into the outbox folder instead of sending it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep all of them."""
        for message in email_messages:
            outbox_put_mail(message.message().as_bytes())
        return len(email_messages)
