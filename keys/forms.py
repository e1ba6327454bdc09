"""Forms of API keys, deploy keys and environment variables."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.forms.fields import UidChoiceField
from keys.choices import ApiKeyKind, KeyAlgorithm
from keys.models import VARIABLE_NAME, ApiKey, DeployKey, EnvVar
from keys.pasted import PastedVariable, read_variables

PASTED = "pasted"
MAX_VALUE = 16_000
MAX_IMPORT = 200_000
LIFETIMES = (
    ("", "Never"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
)


class SecretTextarea(forms.Textarea):
    """A text area that never shows again what was typed, not even after a mistake elsewhere."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Draw it empty."""
        return super().get_context(name, "", attrs)


class LastDayField(forms.DateField):
    """A day, meaning its last second; empty means for ever."""

    widget = forms.DateInput(attrs={"type": "date"})

    def prepare_value(self, value: Any) -> Any:
        """Show the day as date inputs expect it."""
        return value.date().isoformat() if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        """Return the end of that day; refuse days that are over."""
        day = super().clean(value)
        if day is None:
            return None
        end = timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
        if end < timezone.now():
            raise ValidationError("This day is over. Choose a later one, or revoke the key.")
        return end


class ApiKeyForm(forms.Form):
    """A new API key."""

    alias = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"autofocus": True}),
        help_text="What it is for, such as “Greenhouse sensors”. Only people see it.",
    )
    kind = forms.ChoiceField(
        label="Opens",
        choices=ApiKeyKind.choices,
        initial=ApiKeyKind.DEVICE,
        widget=forms.RadioSelect,
        help_text="A key for devices checks in, downloads firmware and speaks MQTT. "
        "With the REST API it also acts as you, inside this organization.",
    )
    lifetime = forms.ChoiceField(
        label="Expires",
        choices=LIFETIMES,
        required=False,
        help_text="Devices stop checking in once their key has expired.",
    )

    def clean_lifetime(self) -> datetime | None:
        """Return the moment, or None for never."""
        days = self.cleaned_data["lifetime"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class ApiKeyEditForm(forms.ModelForm):
    """What can be changed of an API key."""

    alias = forms.CharField(label="Name", max_length=80)
    expires_at = LastDayField(
        label="Last day", required=False, help_text="Empty: the key does not expire."
    )

    class Meta:
        model = ApiKey
        fields = ["alias", "expires_at"]


class DeployKeyForm(forms.Form):
    """A new deploy key: made here, or brought along."""

    alias = forms.CharField(
        label="Name",
        max_length=80,
        widget=forms.TextInput(attrs={"autofocus": True}),
        help_text="It also becomes the comment at the end of the public key.",
    )
    method = forms.ChoiceField(
        label="Key pair",
        choices=(
            (KeyAlgorithm.ED25519, "Make an Ed25519 pair (recommended)"),
            (KeyAlgorithm.RSA, "Make an RSA 4096 pair, for hosts that know no Ed25519"),
            (PASTED, "Use a private key of mine"),
        ),
        initial=KeyAlgorithm.ED25519,
        widget=forms.RadioSelect,
    )
    private_key = forms.CharField(
        label="Private key",
        required=False,
        strip=False,
        widget=SecretTextarea(
            attrs={
                "rows": 6,
                "class": "mono",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "-----BEGIN OPENSSH PRIVATE KEY-----",
            }
        ),
        help_text="Only with a key of yours: OpenSSH or PEM, without a passphrase. It is "
        "encrypted at once and never shown again.",
    )

    def clean(self) -> dict[str, Any]:
        """Want a private key exactly when it is the chosen way."""
        cleaned = self.cleaned_data
        is_pasted = cleaned.get("method") == PASTED
        if is_pasted and not cleaned.get("private_key", "").strip():
            self.add_error("private_key", "Paste the whole private key file.")
        elif not is_pasted:
            cleaned["private_key"] = ""
        return cleaned


class DeployKeyRenameForm(forms.ModelForm):
    """What a deploy key is called."""

    alias = forms.CharField(label="Name", max_length=80)

    class Meta:
        model = DeployKey
        fields = ["alias"]


class LevelFields(forms.Form):
    """Where a variable lives: at most one of source, mesh and device; none is the organization."""

    source = UidChoiceField(
        queryset=EnvVar._meta.get_field("source").related_model._default_manager.all(),
        required=False,
        empty_label="All sources and devices of the organization",
        label="For",
        help_text="A variable for one device alone is added on the device's page.",
    )
    mesh = UidChoiceField(
        queryset=EnvVar._meta.get_field("mesh").related_model._default_manager.all(),
        required=False,
        empty_label="All meshes, and devices in none",
        help_text="For the devices in a mesh, whatever their source.",
    )
    device = UidChoiceField(
        queryset=EnvVar._meta.get_field("device").related_model._default_manager.all(),
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if self["device"].value():
            self.fields["source"].widget = forms.HiddenInput()
            self.fields["mesh"].widget = forms.HiddenInput()

    @property
    def preset_device(self) -> Any:
        """Return the device that the address named, as far as the actor may see it."""
        try:
            return self.fields["device"].clean(self["device"].value())
        except ValidationError:
            return None

    def clean(self) -> dict[str, Any]:
        """Refuse two levels at once."""
        cleaned = self.cleaned_data
        if sum(bool(cleaned.get(name)) for name in ("source", "mesh", "device")) > 1:
            raise ValidationError("A variable belongs to a source, a mesh or a device: to one.")
        return cleaned


class EnvVarForm(LevelFields):
    """A new variable."""

    name = forms.CharField(
        label="Name",
        max_length=64,
        validators=[VARIABLE_NAME],
        widget=forms.TextInput(
            attrs={
                "autofocus": True,
                "class": "mono",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "WIFI_SSID",
            }
        ),
        help_text="Letters, digits and _, as the firmware will read it.",
    )
    value = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        max_length=MAX_VALUE,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
    )
    is_secret = forms.BooleanField(
        label="Secret",
        required=False,
        help_text="Encrypted, hidden in build logs, and never shown again. It cannot be made "
        "plain later.",
    )

    field_order = ["name", "value", "is_secret", "source", "mesh", "device"]

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if data and data.get("is_secret"):
            self.fields["value"].widget = SecretTextarea(self.fields["value"].widget.attrs)

    def clean_value(self) -> str:
        """Undo what browsers do to line ends."""
        return self.cleaned_data["value"].replace("\r\n", "\n")


class EnvVarEditForm(forms.Form):
    """Another value for a variable. A secret's field is empty, and empty keeps it."""

    value = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        max_length=MAX_VALUE,
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "mono", "spellcheck": "false", "autofocus": True}
        ),
    )
    is_secret = forms.BooleanField(
        label="Secret",
        required=False,
        help_text="Encrypted, hidden in build logs, and never shown again. It cannot be made "
        "plain later.",
    )

    def __init__(self, data: Any = None, *, instance: EnvVar) -> None:
        value = "" if instance.is_secret else instance.shown_value
        super().__init__(data, initial={"value": value, "is_secret": instance.is_secret})
        if not instance.is_secret:
            return
        del self.fields["is_secret"]
        field = self.fields["value"]
        field.label = "New value"
        field.help_text = "The current value is secret and not shown. Leave this empty to keep it."
        field.widget = SecretTextarea(field.widget.attrs)

    def clean_value(self) -> str:
        """Undo what browsers do to line ends."""
        return self.cleaned_data["value"].replace("\r\n", "\n")


class EnvVarImportForm(LevelFields):
    """Many variables at once, as lines of `NAME=value`."""

    text = forms.CharField(
        label="Variables",
        strip=False,
        max_length=MAX_IMPORT,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "class": "mono",
                "spellcheck": "false",
                "autofocus": True,
                "placeholder": "WIFI_SSID=greenhouse\nMQTT_HOST=10.0.0.7",
            }
        ),
        help_text="One NAME=value per line. Empty lines and lines that start with # are left out; "
        "“export” and quotes around a value are taken off. Existing variables get the new value.",
    )
    is_secret = forms.BooleanField(label="All of them are secret", required=False)

    field_order = ["text", "is_secret", "source", "mesh", "device"]

    def clean_text(self) -> list[PastedVariable]:
        """Read the lines; every faulty one is named."""
        found, faults = read_variables(self.cleaned_data["text"])
        if faults:
            raise ValidationError(faults)
        if not found:
            raise ValidationError("There is no NAME=value in this text.")
        return found
