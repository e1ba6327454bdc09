"""People, organizations, roles, second factors. One file per idea."""

from __future__ import annotations

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
    Passkey,
    PasskeyAttestation,
    RecoveryCode,
    RecoveryCodes,
    RememberedBrowser,
    SmsDevice,
    TotpDevice,
)

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
