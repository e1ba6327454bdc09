"""Forms of devices. They check and clean; the services write."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from core.forms.fields import UidChoiceField
from devices.constants import LONGEST_INTERVAL, MAX_TAGS, SHORTEST_INTERVAL
from devices.icons import ICONS, USUAL_ICON
from devices.models import Device
from devices.timezones import UNSET, zone_names

TAG = re.compile(r"[\w.:/-]{1,40}\Z")
# Sources are above this app; the relation knows their model.
Source = Device._meta.get_field("source").related_model


class TagsField(forms.CharField):
    """Tags as words with commas or spaces between them."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as text."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Return each tag once, in the order given."""
        tags = list(dict.fromkeys(re.split(r"[,\s]+", (value or "").strip())))
        tags = [tag for tag in tags if tag]
        for tag in tags:
            if not TAG.match(tag):
                raise forms.ValidationError(
                    f"“{tag[:40]}” is not a tag: at most 40 letters, digits, - _ . : or /."
                )
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(f"At most {MAX_TAGS} tags.")
        return tags


class IconSelect(forms.RadioSelect):
    """Pictures to choose from."""

    template_name = "devices/widgets/icons.html"


def zones(current: str | None) -> list[tuple[str, str]]:
    """Return the time zones to choose from, and what the device has if it is none of them."""
    names = zone_names()
    more = [current] if current and current not in {UNSET, *names} else []
    shown = [(name, name.replace("_", " ")) for name in (*more, *names)]
    return [(UNSET, "As the device says"), *shown]


class DeviceForm(forms.Form):
    """What people decide about a device."""

    alias = forms.CharField(label="Name", max_length=80)
    mac = forms.CharField(
        label="MAC address",
        max_length=64,
        required=False,
        help_text="How the device is recognised when it first calls. Empty is fine: it then "
        "needs its device id in its firmware, which every build made here writes.",
    )
    platform = forms.CharField(
        max_length=40,
        required=False,
        help_text="For example python, micropython or arduino:avr. Empty: what the device reports.",
    )
    source = UidChoiceField(
        Source._default_manager.all(),
        required=False,
        empty_label="No source",
        help_text="The repository that its firmware is built from.",
    )
    auto_update = forms.BooleanField(
        label="Update by itself",
        required=False,
        help_text="Every new build for this device is offered at its next check-in.",
    )
    checkin_interval = forms.IntegerField(
        label="Expected every (seconds)",
        required=False,
        min_value=SHORTEST_INTERVAL,
        max_value=LONGEST_INTERVAL,
        help_text="It is late after one and a half of it and offline after two. Empty: the "
        "interval that the device is seen to keep.",
    )
    icon = forms.ChoiceField(choices=[*ICONS.items()], required=False, widget=IconSelect)
    timezone_name = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="Where the device stands, whatever it says itself.",
    )
    category = forms.CharField(max_length=40, required=False)
    tags = TagsField(required=False, help_text="Words with commas between them, to filter by.")
    description = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self, data: Any = None, *, instance: Any = None, organization: Any = None, **kwargs: Any
    ) -> None:
        if instance is not None:
            names = ("alias", "mac", "platform", "source", "auto_update", "category", "tags")
            more = ("checkin_interval", "description", "icon")
            shown = {name: getattr(instance, name) for name in (*names, *more)}
            state = getattr(instance, "state", None)
            shown["timezone_name"] = state.timezone_name if state is not None else UNSET
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        choices = Source._default_manager.filter(organization=organization).order_by("alias", "pk")
        self.fields["source"].queryset = choices  # type: ignore[attr-defined]
        self.fields["timezone_name"].choices = zones(self.initial.get("timezone_name"))  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        """Return what was sent: what is left out stays. A switch that is off sends nothing."""
        names = {"auto_update", *self.data}
        return {name: value for name, value in self.cleaned_data.items() if name in names}

    def clean_icon(self) -> str:
        """Return the usual one for none, as a client that knows no icons leaves it out."""
        return self.cleaned_data["icon"] or USUAL_ICON

    def clean_timezone_name(self) -> str:
        """Return nothing for what is stored as not chosen."""
        name = self.cleaned_data["timezone_name"]
        return "" if name == UNSET else name

    def clean_platform(self) -> str:
        """Return "unknown" for nothing, as devices that never called have it."""
        return self.cleaned_data["platform"].strip() or "unknown"


class AttachSourceForm(forms.Form):
    """Which source many devices get."""

    source = UidChoiceField(
        Source._default_manager.order_by("alias", "pk"),
        empty_label="No source (detach)",
        required=False,
    )


class AutoUpdateForm(forms.Form):
    """Whether many devices take new builds by themselves."""

    auto_update = forms.TypedChoiceField(
        label="New builds",
        choices=[("on", "Install each new build by itself"), ("off", "Wait to be told")],
        coerce=lambda value: value == "on",
        widget=forms.RadioSelect,
        initial="on",
    )
