"""Forms of rollouts. They check and clean; the services write."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms

from builds.choices import BuildStatus
from builds.models import Build, Source
from core.exceptions import DomainError
from core.forms.fields import UidChoiceField
from devices.mesh_forms import NamedDevicesField
from devices.models import Device, Mesh
from fleet.rollouts.plans import LIMITS, Plan
from fleet.rollouts.words import wizard_steps

DAYS = [(f"{n}", name) for n, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))]
_LIST = re.compile(r"[,\s]+")


class StepForm(forms.Form):
    """A step of the wizard; its fields stand in sets."""

    step: ClassVar[int]
    sets: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Return the steps with this one marked."""
        return wizard_steps(self.step)

    @property
    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the fields as the template draws them."""
        return [{"title": title, "fields": [self[n] for n in names]} for title, names in self.sets]


class RolloutForm(StepForm):
    """What is rolled out, and to which devices: the first step."""

    step = 1
    sets = (
        ("Firmware", ("name", "source", "build")),
        ("Devices", ("mesh", "filter", "devices")),
    )

    name = forms.CharField(max_length=80)
    source = UidChoiceField(
        Source.objects.none(),
        required=False,
        empty_label="None",
        help_text="Each device gets a build of its own of the newest commit, as its turn comes.",
    )
    build = UidChoiceField(
        Build.objects.none(),
        label="Or one build for all",
        required=False,
        empty_label="None",
        help_text="Only builds that were made for no device in particular can go to many.",
    )
    mesh = UidChoiceField(
        Mesh.objects.none(), label="Devices of a mesh", required=False, empty_label="Any"
    )
    filter = forms.CharField(
        label="Devices by filter",
        max_length=2000,
        required=False,
        help_text="What stands behind ? in the address of a filtered list of devices.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "tag=roof"}),
    )
    devices = NamedDevicesField(
        Device.objects.none(),
        label="Devices by name",
        required=False,
        help_text="Names, device ids or MAC addresses, one on each line. Mesh, filter and names "
        "narrow one another; without any of them it is for all devices.",
    )

    def __init__(self, data: Any = None, *, organization: Any, devices: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        mine = {"organization": organization}
        builds = Build.objects.filter(device=None, status=BuildStatus.SUCCEEDED, **mine)
        rows: dict[str, Any] = {
            "source": Source.objects.filter(**mine).order_by("alias", "pk"),
            "build": builds.select_related("source").order_by("-pk"),
            "mesh": Mesh.objects.filter(**mine).order_by("alias", "pk"),
            "devices": devices,
        }
        for name, queryset in rows.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Want firmware of one kind."""
        cleaned = super().clean() or {}
        if cleaned.get("build") and cleaned.get("source"):
            self.add_error("build", "Choose either a source or a build.")
        elif not (cleaned.get("build") or cleaned.get("source")):
            self.add_error("source", "Choose a source, or below it a build.")
        return cleaned


class ListField(forms.CharField):
    """Words with commas or spaces between them."""

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Return the words."""
        return [word for word in _LIST.split(super().clean(value)) if word]

    def prepare_value(self, value: Any) -> Any:
        """Show a list as text."""
        return ", ".join(value) if isinstance(value, (list, tuple)) else value


class ClockField(forms.TimeField):
    """A time of the day as plans keep it."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def clean(self, value: Any) -> str:  # type: ignore[override]
        """Return it as text, empty for none."""
        found = super().clean(value)
        return found.strftime("%H:%M") if found else ""


def _number(name: str, label: str, help_text: str = "", **kwargs: Any) -> forms.IntegerField:
    least, most = LIMITS[name]
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, help_text=help_text, **kwargs
    )


PLAN_SETS = (
    ("Waves", ("canary", "waves", "soak_minutes", "pace")),
    ("When", ("days", "opens", "closes", "time_zone")),
    ("Only devices", ("versions", "platforms", "min_battery", "min_signal")),
    (
        "What stops it",
        (
            "max_failed_percent",
            "max_failed",
            "silence_minutes",
            "call_hours",
            "retries",
            "auto_rollback",
        ),
    ),
    ("Rules", ("needs_approval", "allow_downgrade", "allow_delta", "forced")),
)


class PlanFields(forms.Form):
    """The fields of a plan. Each fault stands beside its field."""

    canary = _number("canary", "Canary", "Devices of the first wave; 0 for none.")
    waves = ListField(
        label="Waves",
        required=False,
        max_length=400,
        help_text="Sizes such as 10% or 500. What they leave is the last wave.",
    )
    soak_minutes = _number("soak_minutes", "Minutes between waves")
    pace = _number("pace", "Devices per minute", "0 for all of a wave at once.")
    days = forms.MultipleChoiceField(
        label="Only on", choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    opens = ClockField(label="From", required=False)
    closes = ClockField(label="Until", required=False, help_text="May be on the morning after.")
    time_zone = forms.ChoiceField(choices=[(z, z) for z in sorted(available_timezones())])
    versions = ListField(
        label="Only from versions",
        required=False,
        max_length=1000,
        help_text="Empty: from every version.",
    )
    platforms = ListField(label="Only on platforms", required=False, max_length=400)
    min_battery = _number("min_battery", "Battery at least, in %", required=False)
    min_signal = _number("min_signal", "Signal at least, in dBm", required=False)
    max_failed_percent = _number(
        "max_failed_percent", "Halt above this % of a wave failed", "0 for no such limit."
    )
    max_failed = _number("max_failed", "Halt at so many failed", "0 for no such limit.")
    silence_minutes = _number(
        "silence_minutes",
        "Minutes to install",
        "From the offer to reporting the new version. A device that takes longer, or stops "
        "checking in, has failed.",
    )
    call_hours = _number(
        "call_hours", "Hours to call", "A device that does not call so long is left out."
    )
    retries = _number("retries", "Tries again", "How often one device is tried again.")
    auto_rollback = forms.BooleanField(label="Roll back by itself when halted", required=False)
    needs_approval = forms.BooleanField(
        label="A second person has to approve the start", required=False
    )
    allow_downgrade = forms.BooleanField(label="Allow older versions", required=False)
    allow_delta = forms.BooleanField(
        label="Send deltas to devices that can put them together", required=False
    )
    forced = forms.BooleanField(
        label="Install even where the same version runs already", required=False
    )

    def clean(self) -> dict[str, Any]:
        """Return the plan, beside what else was asked."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        names = PlanFields.base_fields
        plan = {name: cleaned.pop(name) for name in names}
        plan["days"] = [int(day) for day in plan["days"]]
        try:
            Plan.checked(plan)
        except DomainError as error:
            for field, texts in error.fields.items():
                self.add_error(field, texts)
        return {**cleaned, "plan": plan}


class PlanForm(PlanFields, StepForm):
    """The name and the plan: the second step."""

    step = 2
    sets = (("Rollout", ("name",)), *PLAN_SETS)

    name = forms.CharField(max_length=80)

    def __init__(self, data: Any = None, *, instance: Any = None, **kwargs: Any) -> None:
        if instance is not None:
            shown = {"name": instance.name, **instance.rules.stored()}
            kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)


class RolloutPlanForm(PlanFields):
    """The default plan of a source."""

    source = UidChoiceField(Source.objects.none(), empty_label=None)
    is_on = forms.BooleanField(
        label="Roll out each new build by itself",
        required=False,
        initial=True,
        help_text="To the devices of the source that update by themselves.",
    )

    def __init__(
        self, data: Any = None, *, instance: Any = None, organization: Any, **kwargs: Any
    ) -> None:
        shown = (instance.rules if instance is not None else Plan()).stored()
        if instance is not None:
            shown["is_on"] = instance.is_on
        kwargs["initial"] = {**shown, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)
        if instance is not None:
            del self.fields["source"]
            return
        rows = Source.objects.filter(organization=organization, rollout_plan=None)
        self.fields["source"].queryset = rows.order_by("alias", "pk")  # type: ignore[attr-defined]

    @property
    def fieldsets(self) -> list[dict[str, Any]]:
        """Return the fields as the template draws them."""
        own = tuple(name for name in ("source", "is_on") if name in self.fields)
        sets = (("New builds", own), *PLAN_SETS)
        return [{"title": title, "fields": [self[n] for n in names]} for title, names in sets]


class StartForm(forms.Form):
    """When it starts."""

    starts_at = forms.DateTimeField(
        label="Start",
        required=False,
        help_text="Empty: now. The time zone is that of your profile.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ReasonForm(forms.Form):
    """Why, for the record."""

    reason = forms.CharField(max_length=300, required=False)
