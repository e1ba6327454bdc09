"""Forms of second factors and of sudo mode."""

from __future__ import annotations

from django import forms


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
