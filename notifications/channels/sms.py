"""SMS, by the gateway of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.exceptions import DomainError
from core.sms import E164, sms_deliver
from notifications.channels._base import Addressee, Channel, Letter, channels

LONGEST = 300


@channels.register
class Sms(Channel):
    """One short line; several messages become one that says how many."""

    slug = "sms"
    label = "SMS"
    icon = "message"
    people = True
    rules = True
    per_hour = 10
    destination_label = "Phone number"
    destination_help = "With its country: +420 601 123 456."

    def reaches(self, user: Any) -> bool:
        """Tell whether the person has a number."""
        return bool(user.phone)

    def addressee(self, user: Any) -> Addressee:
        """Return the person's number."""
        return Addressee(user.phone)

    def check(self, destination: str) -> str:
        """Refuse what is no number."""
        number = "".join(destination.split())
        if not E164.fullmatch(number):
            raise DomainError(
                "sms.number_unusable", "Write the number with its country: +420 601 123 456."
            )
        return number

    def send(self, to: Addressee, letters: Sequence[Letter]) -> str:
        """Hand it to the gateway."""
        titles = "; ".join(letter.title for letter in letters)
        many = f"{len(letters)} notifications: " if len(letters) > 1 else ""
        text = f"THiNX Console: {many}{titles}"
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - 1]}…"
        return sms_deliver({"to": to.destination, "text": text})
