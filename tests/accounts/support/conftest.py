"""Staff: `ruth` is a superuser whose browser has shown her second factor."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import TotpDevice
from tests.factories.accounts import make_user


def enrol(user) -> TotpDevice:
    """Give the person an authenticator app."""
    factor = TotpDevice.objects.create(user=user, name="App", secret="JBSWY3DPEHPK3PXP")
    user.second_factor_at = timezone.now()
    user.save(update_fields=["second_factor_at"])
    return factor


@pytest.fixture
def ruth(db):
    user = make_user("ruth", is_superuser=True)
    enrol(user)
    return user


@pytest.fixture
def verified(signed_in):
    """Return a client whose session has shown the second factor of the person."""

    def sign_in(user):
        client = signed_in(user)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = TotpDevice.objects.get(user=user).persistent_id
        session.save()
        return client

    return sign_in


@pytest.fixture
def staff(verified, ruth):
    return verified(ruth)
