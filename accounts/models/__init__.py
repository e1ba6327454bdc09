"""People, organizations, roles, second factors. One file per idea."""

from __future__ import annotations

from django.apps import apps

from accounts.models.lists import ListPreference, SavedView
from accounts.models.organizations import (
    CustomRole,
    Invitation,
    Membership,
    Organization,
    UserGroup,
    new_owner_id,
)
from accounts.models.people import Consent, NotificationChoice, SignIn, User
from accounts.models.second_factor import (
    RecoveryCode,
    RecoveryCodes,
    RememberedBrowser,
    SmsDevice,
    TotpDevice,
)

if apps.is_installed("django_otp_webauthn"):
    # Not in the processes of MQTT, in which nobody signs in with one and nobody is erased.
    from accounts.models.passkeys import Passkey, PasskeyAttestation

__all__ = [
    "Consent",
    "CustomRole",
    "Invitation",
    "ListPreference",
    "Membership",
    "NotificationChoice",
    "Organization",
    "Passkey",
    "PasskeyAttestation",
    "RecoveryCode",
    "RecoveryCodes",
    "RememberedBrowser",
    "SavedView",
    "SignIn",
    "SmsDevice",
    "TotpDevice",
    "User",
    "UserGroup",
    "new_owner_id",
]
