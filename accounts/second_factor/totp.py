"""Authenticator apps: RFC 6238, 6 digits every 30 seconds."""

from __future__ import annotations

import base64
import datetime as dt
import os
import re
from urllib.parse import quote, urlencode

import segno
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from accounts.models import TotpDevice, User
from accounts.second_factor.attempts import attempt_passed

ISSUER = "THiNX Console"
SECRET_BYTES = 20
# A code of the step before and after counts too; the clock of an app may be off by five minutes.
TOLERANCE = 1
MOST_DRIFT = 10
ENROLMENT = dt.timedelta(hours=1)
SIX_DIGITS = re.compile(r"[0-9]{6}")


@transaction.atomic
def totp_begin(user: User) -> TotpDevice:
    """Return an unconfirmed app with a fresh seed; a page that is loaded again gets the same."""
    waiting = TotpDevice.objects.filter(user=user, confirmed=False)
    waiting.filter(created_at__lt=timezone.now() - ENROLMENT).delete()
    begun = waiting.order_by("-pk").first()
    if begun is not None:
        return begun
    seed = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    return TotpDevice.objects.create(
        user=user, name="Authenticator app", secret=seed, confirmed=False
    )


def totp_seed(device: TotpDevice) -> str:
    """Return the seed in base32, for the app alone."""
    secret = device.secret
    return secret if isinstance(secret, str) else secret.reveal()


def totp_uri(device: TotpDevice) -> str:
    """Return what the QR code says."""
    label = quote(f"{ISSUER}:{device.user.email}")
    details = {
        "secret": totp_seed(device),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": 6,
        "period": 30,
    }
    return f"otpauth://totp/{label}?{urlencode(details, quote_via=quote)}"


def totp_qr(device: TotpDevice) -> str:
    """Return the QR code as the address of an image that holds it."""
    return segno.make(totp_uri(device), error="m").svg_data_uri(scale=5, border=4, light="#fff")


def totp_accepts(device: TotpDevice, code: str) -> bool:
    """Tell whether the code is right now and was not used; a claimed attempt is needed before.

    Learns how far the app's clock is off. Compare-and-set on the step: of two requests with the
    same code one is accepted.
    """
    digits = re.sub(r"[\s-]", "", code)
    if not SIX_DIGITS.fullmatch(digits):
        return False
    clock = TOTP(base64.b32decode(totp_seed(device)), drift=device.drift)
    if not clock.verify(int(digits), tolerance=TOLERANCE, min_t=device.last_step + 1):
        return False
    step, drift = clock.t(), max(-MOST_DRIFT, min(MOST_DRIFT, clock.drift))
    unused = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step)
    return unused.update(last_step=step, drift=drift, **attempt_passed()) == 1
