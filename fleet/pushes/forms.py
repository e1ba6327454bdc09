"""The form of a configuration push."""

from __future__ import annotations

from typing import Any

from django import forms

from core.exceptions import DomainError
from core.views.selection import Selection
from devices.models import Mesh
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
        taken = {entry.name: entry.plain for entry in chosen}
        values = self.kept_values() | taken | cleaned["written"]
        try:
            check_values(values)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        secret = {entry.name for entry in chosen if entry.is_secret} | self.kept_values().keys()
        if cleaned["secret"]:
            secret |= cleaned["written"].keys()
        return {"values": values, "secret_names": sorted(secret)}

    def kept_values(self) -> dict[str, str]:
        """Return secret values that stay as they are, though nobody sees them."""
        return {}


class PushForm(ConfigPushForm):
    """A push to many devices. `selection` is what was chosen in the list of devices, if it was."""

    title = forms.CharField(
        label="Title",
        required=False,
        max_length=120,
        help_text="What this is for; without one, it is called after its variables.",
    )
    mesh = forms.ModelChoiceField(
        queryset=Mesh.objects.order_by("alias", "pk"),
        required=False,
        to_field_name="uid",
        label="Devices",
        empty_label="Every device of the organization",
        help_text="For others, select them in the list of devices and press “Push configuration”.",
    )
    kept = forms.MultipleChoiceField(
        label="Secret values of this draft",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Those that stay ticked are kept as they are.",
    )
    field_order = ("title", "mesh", "kept", "variables", "written", "secret")

    def __init__(
        self, data: Any = None, *, selection: Selection | None = None, draft: Any = None, **kw: Any
    ) -> None:
        self.selection, self.draft = selection, draft
        if draft is not None:
            kw["initial"] = _initial(draft)
        super().__init__(data, **kw)
        secret = list(draft.secret_names) if draft is not None else []
        if secret:
            self.fields["kept"].choices = [(name, name) for name in secret]  # type: ignore[attr-defined]
        else:
            del self.fields["kept"]
        if selection is not None:
            del self.fields["mesh"]
        if "variables" in self.fields:
            self.fields["variables"].label = "From the environment of the organization"
            self.fields[
                "variables"
            ].help_text = "Every device gets the value that is set there now."

    def kept_values(self) -> dict[str, str]:
        """Return the secret values of the draft that stay."""
        kept = self.cleaned_data.get("kept", ())
        return {n: v for n, v in self.draft.values().items() if n in kept} if kept else {}

    def clean(self) -> dict[str, Any]:
        """Add the devices."""
        mesh, title = self.cleaned_data.get("mesh"), self.cleaned_data.get("title", "")
        cleaned = super().clean()
        if self.errors:
            return cleaned
        query = f"mesh={mesh.uid}" if mesh is not None else ""
        return {**cleaned, "title": title, "selection": self.selection or Selection(query=query)}


class ApproveForm(forms.Form):
    """Which version of a push was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)


def _initial(draft: Any) -> dict[str, Any]:
    shown = (f"{n}={v}" for n, v in draft.values().items() if n not in draft.secret_names)
    return {"title": draft.title, "kept": draft.secret_names, "written": "\n".join(shown)}
