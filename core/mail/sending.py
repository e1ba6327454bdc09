"""Renders a mail, hands it over, and gives it to the mail server."""

from __future__ import annotations

import re
from contextlib import suppress
from email.utils import formatdate, make_msgid, parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from core.delivery import DeliveryError, hand_over
from core.exceptions import DomainError

SEND_MAIL = "core.send_mail"
# RFC 3834 and what Exchange calls it: no answers by machines.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


class MailError(DeliveryError):
    """The mail server did not take a mail."""


def send_mail(template: str, to: str, context: dict[str, Any], *, language: str = "") -> None:
    """Send `templates/emails/<template>.{subject.txt,txt,html}` to one address on commit.

    The templates also know `public_url` and `host` of this console. Raises DomainError
    `mail.address_unusable`; what goes wrong later is logged by the worker.
    """
    hand_over(SEND_MAIL, mail_deliver, mail_render(template, to, context, language=language))


def mail_render(
    template: str, to: str, context: dict[str, Any], *, language: str = "", name: str = ""
) -> dict[str, str]:
    """Return a mail as `mail_deliver` takes it, for whoever keeps it in a row until it is sent.

    With `name` its Message-ID is always the same, so that mail servers know a repetition.
    """
    try:
        validate_email(to)
    except ValidationError:
        raise DomainError("mail.address_unusable", "This is not an e-mail address.") from None
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    with translation.override(language or settings.LANGUAGE_CODE):
        message = {"to": to, **_rendered(template, context)}
    message["date"] = formatdate()
    message["id"] = f"<{name}@{domain}>" if name else make_msgid(domain=domain)
    return message


def mail_deliver(message: dict[str, str]) -> str:
    """Give one rendered mail to the server; return its Message-ID or raise MailError."""
    headers = {**HEADERS, "Date": message["date"], "Message-ID": message["id"]}
    connection = get_connection()
    mail = EmailMultiAlternatives(
        message["subject"],
        message["text"],
        to=[message["to"]],
        headers=headers,
        connection=connection,
    )
    mail.attach_alternative(message["html"], "text/html")
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise MailError(
            f"the server refused the address ({codes[0]})", permanent=min(codes) >= 500
        ) from None
    except SMTPResponseException as error:
        raise MailError(
            f"the server answered {error.smtp_code}", permanent=error.smtp_code >= 500
        ) from None
    except (SMTPException, OSError) as error:
        raise MailError(f"the server is away: {type(error).__name__}", permanent=False) from None
    finally:
        with suppress(SMTPException, OSError):
            connection.close()  # Django leaves it open when the sign-in fails
    return message["id"]


def _rendered(template: str, context: dict[str, Any]) -> dict[str, str]:
    known = {"public_url": settings.PUBLIC_URL, "host": urlsplit(settings.PUBLIC_URL).netloc}
    values = {**known, **context}
    subject = _render(f"{template}.subject.txt", values, autoescape=False)
    text = _render(f"{template}.txt", values, autoescape=False)
    return {
        "subject": " ".join(subject.split()),
        "text": re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        "html": _render(f"{template}.html", values, autoescape=True),
    }


def _render(name: str, values: dict[str, Any], *, autoescape: bool) -> str:
    found: Any = get_template(f"emails/{name}")
    return found.template.render(Context(values, autoescape=autoescape))
