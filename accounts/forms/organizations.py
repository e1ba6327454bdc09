"""Forms of organizations."""

from __future__ import annotations

from django import forms

from accounts.models import Organization


class OrganizationForm(forms.ModelForm):
    """What an organization is called."""

    class Meta:
        model = Organization
        fields = ["name"]


class OrganizationLimitsForm(forms.ModelForm):
    """How much an organization may use, with everything below it."""

    class Meta:
        model = Organization
        fields = ["max_devices", "max_concurrent_builds", "max_storage_mb"]
        labels = {
            "max_devices": "Devices",
            "max_concurrent_builds": "Builds at once",
            "max_storage_mb": "Storage for artifacts, in MB",
        }
        help_texts = {
            "max_devices": "Left empty: as many as the organizations above allow.",
            "max_concurrent_builds": "Queued and running ones together.",
        }


class OrganizationSwitchForm(forms.Form):
    """Which organization to narrow the pages to; none for all of them."""

    organization = forms.UUIDField(required=False)
