"""People with second factors, and codes for them."""

from __future__ import annotations

import base64
import time

import pytest
from django.core.cache import cache
from django.test import Client
from django_otp.oath import TOTP

from accounts.actor import Actor
from accounts.models import SmsDevice, TotpDevice, User
from accounts.second_factor.factors import factor_confirm
from accounts.second_factor.recovery import recovery_make
from tests.factories.accounts import PASSWORD

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PHONE = "+420601123456"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def code_at(moment: float | None = None, seed: str = SEED) -> str:
    """Return the code that an app with this seed shows at a moment, else now."""
    clock = TOTP(base64.b32decode(seed))
    clock.time = time.time() if moment is None else moment
    return f"{clock.token():06d}"


def app_of(user: User, **facts) -> TotpDevice:
    """Give a person an authenticator app."""
    app = TotpDevice.objects.create(user=user, name="Phone", secret=SEED, confirmed=False, **facts)
    return factor_confirm(Actor.for_user(user), factor=app)


def phone_of(user: User) -> SmsDevice:
    """Give a person a phone for codes by SMS."""
    phone = SmsDevice.objects.create(user=user, name="Mobile", phone=PHONE, confirmed=False)
    return factor_confirm(Actor.for_user(user), factor=phone)


def codes_of(user: User) -> list[str]:
    """Give a person recovery codes."""
    return recovery_make(Actor.for_user(user), user=user)


def password_only(user: User) -> Client:
    """Return a browser where the person gave the right password, and nothing else yet."""
    client = Client()
    answer = client.post("/accounts/sign-in/", {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def verified(user: User, code: str | None = None) -> Client:
    """Return a browser where the person has shown their app too."""
    client = password_only(user)
    answer = client.post("/accounts/second-factor/verify/", {"asked": 1, "code": code or code_at()})
    assert answer.status_code == 302, answer.text
    return client
