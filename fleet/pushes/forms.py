"""The form of a configuration push."""

from __future__ import annotations

from typing import Any

from django import forms

from core.exceptions import DomainError
from core.fields import Sealed
from fleet.pushes.messages import check_values
from keys.forms import SecretTextarea
from keys.pasted import read_variables
from keys.selectors import EffectiveVariable


class ConfigPushForm(forms.Form):
    """Variables of the environment to send as they are, and others written here."""

    variables = forms.MultipleChoiceField(
        label="From the environment of the device",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They are sent with the values that are set now.",
    )
    written = forms.CharField(
        label="Other values",
        required=False,
        strip=False,
        max_length=4000,
        widget=SecretTextarea(
            attrs={
                "rows": 4,
                "class": "mono",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "REPORT_EVERY=60",
            }
        ),
        help_text="One NAME=value a line. They go to the device only and change no variable.",
    )
    secret = forms.BooleanField(
        label="The values written here are secret",
        required=False,
        help_text="Pages then show dots. Devices get all values in the clear over plain MQTT "
        "and HTTP.",
    )

    def __init__(
        self, data: Any = None, *, variables: list[EffectiveVariable], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self._variables = {entry.name: entry for entry in variables}
        choices = [(e.name, f"{e.name} · {e.level}") for e in variables]
        if choices:
            self.fields["variables"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["variables"]

    def clean_written(self) -> dict[str, str]:
        """Return names and values, or say which line is wrong."""
        found, faults = read_variables(self.cleaned_data["written"])
        if faults:
            raise forms.ValidationError(faults)
        return {entry.name: entry.value for entry in found}

    def clean(self) -> dict[str, Any]:
        """Hold the whole against what a device can take."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        chosen = [self._variables[name] for name in cleaned.get("variables", ())]
        taken = {entry.name: _plain(entry.variable.value) for entry in chosen}
        values = taken | cleaned["written"]
        try:
            check_values(values)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        secret = {entry.name for entry in chosen if entry.is_secret}
        if cleaned["secret"]:
            secret |= cleaned["written"].keys()
        return {"values": values, "secret_names": sorted(secret)}


def _plain(value: Any) -> str:
    return value.reveal() if isinstance(value, Sealed) else f"{value}"
