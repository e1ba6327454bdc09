"""Mail: rendered from `templates/emails/`, sent by a worker after the transaction commits."""

from __future__ import annotations

from core.mail.sending import SEND_MAIL, MailError, mail_deliver, mail_render, send_mail

__all__ = ["SEND_MAIL", "MailError", "mail_deliver", "mail_render", "send_mail"]
