"""Forms of transfers. They check and clean; the services write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from fleet.transfers.choices import EnvironmentMode, KeyMode, SourceMode
from fleet.transfers.models import TransferItem


class TransferForm(forms.Form):
    """To whom, and what goes along."""

    to = forms.CharField(
        label="Recipient",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="An e-mail address, or an owner id. The devices go to that person's own "
        "organization, or to the organization with that owner id.",
    )
    key_mode = forms.ChoiceField(
        label="API keys",
        choices=KeyMode.choices,
        initial=KeyMode.MOVE,
        widget=forms.RadioSelect,
        help_text="A key that other devices call with too cannot go along.",
    )
    source_mode = forms.ChoiceField(
        label="Sources",
        choices=SourceMode.choices,
        initial=SourceMode.COPY,
        widget=forms.RadioSelect,
    )
    with_credentials = forms.BooleanField(
        label="Hand over deploy keys and access tokens of the sources",
        required=False,
        help_text="Only for somebody who may read your repositories from then on.",
    )
    environment_mode = forms.ChoiceField(
        label="Variables set for a single device",
        choices=EnvironmentMode.choices,
        initial=EnvironmentMode.WIPE,
        widget=forms.RadioSelect,
    )
    message = forms.CharField(
        label="A word to the recipient",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ChosenItemsForm(forms.Form):
    """Which of the devices an answer is for."""

    items = forms.TypedMultipleChoiceField(
        label="Devices", coerce=UUID, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, pending: Sequence[TransferItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{item.uid}", f"{item.alias} · {f'{item.udid}'[:8]}") for item in pending]
        self.fields["items"].choices = choices  # type: ignore[attr-defined]
        self.fields["items"].initial = [uid for uid, _ in choices]
