"""Time zones and telephone numbers, as people write them."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from django.core.exceptions import ValidationError
from django.utils import timezone

# Left out of the suggestions: old spellings, and zones that are offsets with the sign turned round.
_ODD = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/", "posix", "right/")


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Return the names of all time zones that this computer knows."""
    return tuple(sorted(zoneinfo.available_timezones()))


def zone_suggestions() -> list[tuple[str, str]]:
    """Return the usual names with their offset now, like ("Europe/Prague", "UTC+01:00")."""
    now = timezone.now()
    usual = [n for n in zone_names() if "/" in n and not n.startswith(_ODD)]
    return [("UTC", "UTC"), *((name, offset_of(name, now)) for name in usual)]


def offset_of(name: str, moment: datetime) -> str:
    """Return how far a zone is from UTC at a moment."""
    said = moment.astimezone(zoneinfo.ZoneInfo(name)).strftime("%z")
    return f"UTC{said[:3]}:{said[3:]}"


def clean_zone(text: str) -> str:
    """Return the zone's proper name for what was typed; raises ValidationError."""
    wanted = text.strip().replace(" ", "_").casefold()
    for name in zone_names():
        if name.casefold() == wanted:
            return name
    raise ValidationError("There is no such time zone. Write one like Europe/Prague, or UTC.")


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """Return the countries with a calling code, like ("CZ", "Czech Republic +420"), by name."""
    import phonenumbers  # noqa: PLC0415  loads the number plans of the world

    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    codes = {code: phonenumbers.country_code_for_region(code) for code, _ in lines}
    named = [(code, f"{name} +{codes[code]}") for code, name in lines if codes[code]]
    return tuple(sorted(named, key=lambda pair: pair[1]))


def clean_phone(text: str, country: str = "") -> str:
    """Return the number in E.164; raises ValidationError with what to do.

    With a plus (or 00) it says its country itself; otherwise `country` does.
    """
    import phonenumbers  # noqa: PLC0415  loads the number plans of the world

    written = text.strip()
    if not written:
        return ""
    if written.startswith("00"):
        written = f"+{written[2:]}"
    if not written.startswith("+") and not country:
        raise ValidationError("Choose the country of this number, or start it with + and its code.")
    try:
        number = phonenumbers.parse(written, country or None)
    except phonenumbers.NumberParseException:
        raise ValidationError("This is not a telephone number.") from None
    if not phonenumbers.is_valid_number(number):
        raise ValidationError("There is no such number in its country. Check the digits.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown_phone(number: str) -> str:
    """Return an E.164 number in groups, as people read it."""
    import phonenumbers  # noqa: PLC0415  loads the number plans of the world

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
