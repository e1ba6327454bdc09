"""Forms of notification rules. They check and clean; the services write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from core.forms.fields import UidChoiceField
from notifications.channels import channels
from notifications.choices import Level
from notifications.kinds import kinds
from notifications.models import NotificationRule
from notifications.waiting import in_words

KEPT = "Leave it empty to keep what is set."


def rule_channels() -> list[tuple[str, str]]:
    """Return the channels that a rule can use."""
    return [(channel.slug, channel.label) for channel in channels if channel.rules]


def rule_kinds() -> list[tuple[str, str]]:
    """Return the kinds that a rule can ask for."""
    return sorted(
        ((kind.slug, kind.label) for kind in kinds if kind.for_rules), key=lambda pair: pair[1]
    )


# What is offered; the API takes any number of seconds.
MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080)
WAITS_HELP = (
    "Counts from when a device is offline by its own interval. Each absence is told once; a change "
    "holds for devices that go offline afterwards."
)


class WaitField(forms.TypedChoiceField):
    """How long a device must be offline until one is told, in seconds; None for the usual time."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"label": "Device offline for longer than", "help_text": WAITS_HELP, **kwargs}
        super().__init__(coerce=int, empty_value=None, required=False, **kwargs)

    def offer(self, chosen: int | None) -> None:
        """Let people choose from what is usual, and what is set by the API."""
        seconds = {60 * minutes for minutes in MINUTES} | ({chosen} if chosen else set())
        usual = f"As usual ({in_words(settings.OFFLINE_NOTICE)})"
        found: list[Any] = [(entry, in_words(entry)) for entry in sorted(seconds)]
        self.choices = [("", usual), *found]


class SecretInput(forms.TextInput):
    """A line that never shows again what was typed."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Draw it empty."""
        return super().get_context(name, "", attrs)


class RuleForm(forms.Form):
    """What is sent, and where."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="What people call it, such as “On call”."
    )
    channel = forms.ChoiceField(label="Send by", widget=forms.RadioSelect)
    destination = forms.CharField(
        label="Where to",
        max_length=1000,
        widget=SecretInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        help_text="An e-mail address, a phone number with its country, or the https:// address of "
        "the webhook. It is kept encrypted. At an address that is not your own, somebody has to "
        "agree first: a link is mailed there.",
    )
    kinds = forms.MultipleChoiceField(
        label="What",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked: everything, and what is added later.",
    )
    least_level = forms.ChoiceField(label="At least", choices=Level.choices, initial=Level.OK)
    offline_after = WaitField()
    mesh = UidChoiceField(
        None,
        label="Only of the mesh",
        required=False,
        empty_label="Any device",
    )
    tag = forms.CharField(
        label="Only with the tag", max_length=40, required=False, help_text="Empty: any."
    )
    is_on = forms.BooleanField(label="Switched on", required=False, initial=True)

    def __init__(self, data: Any = None, *, instance: Any = None, **kwargs: Any) -> None:
        if instance is not None:
            shown = {name: getattr(instance, name) for name in ("name", "kinds", "least_level")}
            shown |= {"tag": instance.tag, "is_on": instance.is_on}
            shown["offline_after"] = instance.offline_after
            shown["mesh"] = instance.mesh.uid if instance.mesh is not None else None
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["channel"].choices = rule_channels()
        fields["kinds"].choices = rule_kinds()
        fields["mesh"].queryset = _meshes()
        fields["offline_after"].offer(instance.offline_after if instance is not None else None)
        if instance is not None:
            del self.fields["channel"]
            fields["destination"].required = False
            fields["destination"].help_text = f"Now {instance.shown_as}. {KEPT}"


def _meshes() -> Any:
    model: Any = NotificationRule._meta.get_field("mesh").related_model
    return model.objects.all()
