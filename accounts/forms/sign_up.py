"""Forms of signing up, of choosing a password by a mailed link, and of changing one's address."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.forms import SignupForm as AllauthProviderForm
from django import forms
from django.contrib.auth.forms import SetPasswordForm as DjangoSetPasswordForm
from django.core.validators import validate_email

from accounts.identity.names import require_free_username

NAME_ATTRS = {"autocapitalize": "none", "spellcheck": "false"}


def _email_field(label: str = "E-mail address", *, autofocus: bool = True) -> forms.EmailField:
    attrs = {"autocomplete": "email", **({"autofocus": True} if autofocus else {})}
    return forms.EmailField(label=label, max_length=254, widget=forms.EmailInput(attrs=attrs))


class LowerEmailMixin:
    """E-mail addresses are kept in lower case."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        """Return the address as it is kept."""
        return self.cleaned_data["email"].lower()


class SignUpForm(LowerEmailMixin, forms.Form):
    """Who somebody is; the password comes with the link that is mailed."""

    email = _email_field()
    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="Letters, digits and . + - _; you can sign in with it too.",
        widget=forms.TextInput(attrs={"autocomplete": "username", **NAME_ATTRS}),
    )
    first_name = forms.CharField(
        label="First name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )

    def clean_username(self) -> str:
        """Refuse a name that is taken in any case."""
        return require_free_username(self.cleaned_data["username"])


class ProviderSignUpForm(AllauthProviderForm):
    """What a provider did not say about a new person; AccountAdapter checks it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        self.fields["username"].label = "User name"
        self.fields["username"].help_text = "Letters, digits and . + - _"
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class EmailAskForm(LowerEmailMixin, forms.Form):
    """An e-mail address that something is to be sent to."""

    email = _email_field()


class NameAskForm(forms.Form):
    """Whose password is lost."""

    name = forms.CharField(
        label="E-mail address or user name",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}
        ),
    )


class NewEmailForm(LowerEmailMixin, forms.Form):
    """The address that a person wants to have instead."""

    email = _email_field("New e-mail address")

    def __init__(self, *args: Any, current: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current

    def clean_email(self) -> str:
        """Refuse the address they have already."""
        email = super().clean_email()
        validate_email(email)
        if email == self.current.lower():
            raise forms.ValidationError("This is your address already.")
        return email


class NewPasswordForm(DjangoSetPasswordForm):
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "Password"
        self.fields["new_password1"].help_text = "At least 10 characters, and not a common one."
        self.fields["new_password1"].widget.attrs["autofocus"] = True
        self.fields["new_password2"].label = "Password again"
        self.fields["new_password2"].help_text = ""
