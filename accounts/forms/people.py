"""Forms of signing in and of one's own account."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from django import forms
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.forms import PasswordChangeForm as DjangoPasswordChangeForm
from django.core.exceptions import ValidationError

from accounts.models import User


class SignInForm(AuthenticationForm):
    """E-mail address or user name, password, and whether to stay signed in."""

    username = forms.CharField(
        label="E-mail address or user name",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}
        ),
    )
    remember = forms.BooleanField(label="Stay signed in for two weeks", required=False)

    error_messages = {
        "invalid_login": "This name and password do not belong together. Check both and try again.",
        "inactive": "This account is closed. Ask an administrator of your organization.",
    }


class PasswordChangeForm(DjangoPasswordChangeForm):
    """The current password, and twice the new one."""

    field_order = ["old_password", "new_password1", "new_password2"]
    error_messages = {
        **DjangoPasswordChangeForm.error_messages,
        "password_incorrect": "This is not your current password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "Current password"
        self.fields["new_password1"].label = "New password"
        self.fields["new_password1"].help_text = "At least 10 characters, and not a common one."
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        """Check it like a sign-in, so that guessing here counts as guessing there."""
        given = self.cleaned_data["old_password"]
        found = authenticate(context.request, username=self.user.email, password=given)
        if found is None or found.pk != self.user.pk:
            code = "password_incorrect"
            raise ValidationError(self.error_messages[code], code=code)
        return given


class FirstOperatorForm(forms.Form):
    """Who administers the installation."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters, and not a common one.",
    )

    def clean(self) -> dict[str, Any]:
        """Hold the password against the rules of every password."""
        cleaned = self.cleaned_data
        if "password" in cleaned:
            person = User(email=cleaned.get("email", ""))
            try:
                password_validation.validate_password(cleaned["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned
