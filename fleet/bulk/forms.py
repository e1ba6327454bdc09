"""Forms of bulk actions. They check and clean; the services write."""

from __future__ import annotations

from typing import Any

from django import forms

from devices.constants import LONGEST_INTERVAL, SHORTEST_INTERVAL
from devices.forms import TagsField

EMPTIED = [
    ("category", "Category"),
    ("description", "Description"),
    ("checkin_interval", "Expected every"),
]


class EditDevicesForm(forms.Form):
    """What changes on every device; what is left empty stays as it is."""

    category = forms.CharField(max_length=40, required=False)
    description = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    platform = forms.CharField(
        max_length=40, required=False, help_text="For example python or arduino:avr."
    )
    checkin_interval = forms.IntegerField(
        label="Expected every (seconds)",
        required=False,
        min_value=SHORTEST_INTERVAL,
        max_value=LONGEST_INTERVAL,
    )
    emptied = forms.MultipleChoiceField(
        label="Make empty",
        choices=EMPTIED,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A field above that is left empty stays as it is on each device.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse to do nothing, and to set and empty the same field."""
        data = super().clean() or {}
        values = {name: data.get(name) for name in self.fields if name != "emptied"}
        emptied = data.get("emptied") or []
        for name in emptied:
            if values.get(name):
                self.add_error(name, "Set it or make it empty, not both.")
        if not self.errors and not emptied and not any(values.values()):
            raise forms.ValidationError("Fill in what is to change.")
        return data


class TagDevicesForm(forms.Form):
    """Tags that every device gets or loses; its others stay."""

    added = TagsField(label="Add", required=False, help_text="Words with commas between them.")
    removed = TagsField(label="Remove", required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse to do nothing, and to do both with one tag."""
        data = super().clean() or {}
        added, removed = data.get("added") or [], data.get("removed") or []
        if both := {*added} & {*removed}:
            self.add_error("removed", f"Add or remove {sorted(both)[0]}, not both.")
        if not self.errors and not added and not removed:
            raise forms.ValidationError("Name tags to add or to remove.")
        return data


class BuildDevicesForm(forms.Form):
    """How the builds of many devices start."""

    deliver = forms.BooleanField(
        label="Install on each device when its build is ready",
        required=False,
        initial=True,
        help_text="Without it the builds are kept, and the devices are not told.",
    )
