"""Forms of organizations."""

from __future__ import annotations

from django import forms

from accounts.models import Organization


class OrganizationForm(forms.ModelForm):
    """What an organization is called."""

    class Meta:
        model = Organization
        fields = ["name"]


class OrganizationSwitchForm(forms.Form):
    """Which organization to narrow the pages to; none for all of them."""

    organization = forms.UUIDField(required=False)
