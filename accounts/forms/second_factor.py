"""Forms of second factors and of sudo mode."""

from __future__ import annotations

from typing import Any

from django import forms

CODE = {
    "autofocus": True,
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "spellcheck": "false",
    "class": "form-control code-input",
}
PAPER = {
    "autofocus": True,
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "class": "form-control code-input",
}


class PasswordProofForm(forms.Form):
    """The current password, to confirm who sits there."""

    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(
            attrs={"autofocus": True, "autocomplete": "current-password"}, render_value=False
        ),
    )


class CodeForm(forms.Form):
    """A code of six digits; blanks and dashes do no harm."""

    code = forms.CharField(label="Code", max_length=40, widget=forms.TextInput(attrs=CODE))

    def __init__(self, *args: Any, kind: str = "totp", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == "recovery":
            self.fields["code"].label = "Recovery code"
            self.fields["code"].widget = forms.TextInput(attrs=PAPER)
        elif kind == "totp":
            self.fields["code"].help_text = "Six digits, as the app shows them now."
        else:
            self.fields["code"].help_text = "Six digits. The SMS may take a minute."


class NameForm(forms.Form):
    """What its owner calls a factor."""

    name = forms.CharField(label="Name", max_length=64)


class TotpForm(CodeForm):
    """The first code of a new app, and what to call it."""

    name = forms.CharField(
        label="Name",
        max_length=64,
        initial="Authenticator app",
        help_text="To tell it from others.",
    )
    field_order = ["code", "name"]


class PhoneForm(forms.Form):
    """The phone that is to receive codes."""

    phone = forms.CharField(
        label="Phone number",
        max_length=32,
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "autofocus": True, "inputmode": "tel"}
        ),
        help_text="With its country: +420 601 123 456.",
    )
