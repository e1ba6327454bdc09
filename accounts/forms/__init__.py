"""Forms of people and organizations."""

from __future__ import annotations

from accounts.forms.organizations import OrganizationForm, OrganizationSwitchForm
from accounts.forms.people import FirstOperatorForm, PasswordChangeForm, SignInForm

__all__ = [
    "FirstOperatorForm",
    "OrganizationForm",
    "OrganizationSwitchForm",
    "PasswordChangeForm",
    "SignInForm",
]
