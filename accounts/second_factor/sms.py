"""Codes by SMS: six digits that work for five minutes, once."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.actor import Actor
from accounts.models import SmsDevice, User
from accounts.second_factor.attempts import attempt_passed
from accounts.second_factor.limits import sms_count, sms_wait
from core.exceptions import DomainError, QuotaExceeded
from core.sms import gateways, send_sms

LIFETIME = dt.timedelta(minutes=5)
MOST_TRIES = 5
SIX_DIGITS = re.compile(r"[0-9]{6}")


def sms_is_offered() -> bool:
    """Tell whether this installation can send an SMS at all."""
    return not gateways.get(settings.SMS_GATEWAY).faults()


def phone_number(written: str) -> str:
    """Return a number as E.164, however it was written; raises DomainError."""
    import phonenumbers  # noqa: PLC0415  loads the number plans of the world

    try:
        number = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise DomainError(
            "accounts.phone_invalid",
            "This is not a phone number. Write it with its country: +420 601 123 456.",
            fields={"phone": ["Write the number with its country: +420 601 123 456."]},
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def sms_begin(user: User, *, phone: str, name: str = "") -> SmsDevice:
    """Return a phone that is not confirmed; the code that confirms it is still to be sent."""
    waiting = SmsDevice.objects.filter(user=user, confirmed=False)
    known = waiting.filter(phone=phone).first()
    if known is not None:  # its cooldown counts
        return known
    waiting.delete()
    return SmsDevice.objects.create(user=user, name=name or phone, phone=phone, confirmed=False)


@transaction.atomic
def sms_send(actor: Actor, *, factor: SmsDevice) -> None:
    """Send a new code; the one before is void. Raises QuotaExceeded when it is too soon."""
    allowed, why = factor.generate_is_allowed()
    now = timezone.now()
    if not allowed:
        seconds = max(1, round(((why or {})["next_generation_at"] - now).total_seconds()))
        raise QuotaExceeded(
            "accounts.sms_too_soon", f"A code is on its way. Ask for another in {seconds} seconds."
        )
    if sms_wait(actor, factor.phone):
        raise QuotaExceeded(
            "accounts.sms_limit",
            "Too many codes were sent. Try again in an hour, or choose another way.",
        )
    code = f"{secrets.randbelow(10**6):06d}"
    mine = SmsDevice.objects.filter(
        pk=factor.pk, last_generated_timestamp=factor.last_generated_timestamp
    )
    sent = mine.update(
        last_generated_timestamp=now,
        digest=_digest(factor, code),
        valid_until=now + LIFETIME,
        tries=0,
    )
    if not sent:
        raise QuotaExceeded("accounts.sms_too_soon", "A code is on its way.")
    sms_count(actor, factor.phone)
    host = urlsplit(settings.PUBLIC_URL).hostname
    send_sms(
        factor.phone,
        f"{code} is your code for THiNX Console. It works for 5 minutes. "
        f"Tell it to nobody.\n\n@{host} #{code}",
        useful_for=int(LIFETIME.total_seconds()),
    )
    factor.refresh_from_db()


def sms_is_waiting(factor: SmsDevice) -> bool:
    """Tell whether a code was sent that still works."""
    return bool(factor.digest and factor.valid_until and factor.valid_until > timezone.now())


def sms_accepts(factor: SmsDevice, code: str) -> bool:
    """Tell whether this is the code sent last; a claimed attempt is needed before.

    It works once; the fifth wrong answer voids it.
    """
    if not sms_is_waiting(factor):
        return False
    sent = SmsDevice.objects.filter(pk=factor.pk, digest=factor.digest, tries=factor.tries)
    digits = re.sub(r"[\s-]", "", code)
    right = SIX_DIGITS.fullmatch(digits) is not None
    if right and constant_time_compare(factor.digest, _digest(factor, digits)):
        used = {"digest": "", "valid_until": None, "last_generated_timestamp": None}
        return sent.update(tries=0, **used, **attempt_passed()) == 1
    tries = factor.tries + 1
    sent.update(tries=tries, digest="" if tries >= MOST_TRIES else factor.digest)
    return False


def _digest(factor: SmsDevice, code: str) -> str:
    """Return what is stored: a code alone would be found by trying a million."""
    return salted_hmac("accounts.sms", f"{factor.uid}:{code}", algorithm="sha256").hexdigest()
