"""E-mail, to a person or to an address that an organization names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from core.exceptions import DomainError
from core.mail import mail_deliver, mail_render
from notifications.channels._base import Addressee, Channel, Letter, channels


@channels.register
class Email(Channel):
    """Text and HTML, by the mail server of the settings; several messages become one digest."""

    slug = "email"
    label = "E-mail"
    icon = "mail"
    people = True
    rules = True
    per_hour = 60
    destination_label = "E-mail address"
    destination_help = "A person or a mailing list."
    confirms = True

    def addressee(self, user: Any) -> Addressee:
        """Return the person's address."""
        return Addressee(user.email, name=user.first_name, language=user.language)

    def check(self, destination: str) -> str:
        """Refuse what is no address."""
        try:
            validate_email(destination)
        except ValidationError:
            raise DomainError("mail.address_unusable", "This is not an e-mail address.") from None
        return destination

    def send(self, to: Addressee, letters: Sequence[Letter]) -> str:
        """Render and hand it to the mail server."""
        context = {
            "name": to.name,
            "rule": to.rule,
            "letters": letters,
            "letter": letters[0],
            "settings_url": f"{settings.PUBLIC_URL}{reverse('notifications:choices')}",
            "inbox_url": f"{settings.PUBLIC_URL}{reverse('notifications:notification_list')}",
        }
        template = "notification" if len(letters) == 1 else "notification_digest"
        mail = mail_render(
            template, to.destination, context, language=to.language, name=letters[0].id
        )
        return mail_deliver(mail)
