"""Forms of saved views."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Organization


class SavedViewForm(forms.Form):
    """What a view is called, and whose it is."""

    name = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"autofocus": True}))
    organization = forms.ModelChoiceField(
        queryset=Organization.objects.none(),
        to_field_name="uid",
        empty_label=None,
        label="Seen by",
        help_text="You alone, or everybody who holds a role on the organization.",
    )

    def __init__(self, *args: Any, places: Any, own: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = places
        field.label_from_instance = lambda place: (
            "Only me" if own is not None and place.pk == own.pk else f"Members of {place}"
        )


class NewSavedViewForm(SavedViewForm):
    """Also what it shows, which the page fills in."""

    list_name = forms.CharField(max_length=80, widget=forms.HiddenInput)
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)
    replace = forms.BooleanField(required=False, label="Replace a view that has this name")
