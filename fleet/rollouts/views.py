"""Console pages of rollouts: the list, the wizard, the live page, and every verb."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from audit.tabs import AUDIT_TAB, AuditTab
from core.views import (
    Action,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ObjectView,
    ScopedViewMixin,
    Tab,
    linked,
    register_bulk_action,
    register_model_view,
)
from core.views.selection import Selection
from devices.models import Device
from fleet.rollouts import services
from fleet.rollouts.charts import bars, installs_chart
from fleet.rollouts.choices import DELETABLE, RolloutState, TargetState
from fleet.rollouts.chosen import chosen_devices, updatable
from fleet.rollouts.filters import RolloutFilterSet, RolloutTargetFilterSet
from fleet.rollouts.forms import PlanForm, ReasonForm, RolloutForm, StartForm
from fleet.rollouts.models import Rollout
from fleet.rollouts.rehearsal import rehearse
from fleet.rollouts.selectors import counts_by_wave, targets_of, total_counts
from fleet.rollouts.tables import RolloutTable, RolloutTargetTable
from fleet.rollouts.words import plan_facts, tiles_of, wizard_steps

R = RolloutState
ROWS = Rollout.objects.select_related("organization", "source", "build__source", "created_by")


RETRIED = (R.RUNNING, R.PAUSED, R.HALTED, R.COMPLETED)


def _devices(count: int) -> str:
    return f"{count:,} device{'' if count == 1 else 's'}"


def _waves(rollout: Rollout) -> str:
    return f"{rollout.waves} wave{'' if rollout.waves == 1 else 's'}"


def _has_failed(rollout: Rollout) -> bool:
    return rollout.state in RETRIED and (rollout.targets.filter(state=TargetState.FAILED).exists())


def _in(*states: str) -> Any:
    return lambda rollout: rollout.state in states


START = Action("Start", "start", "run", "player-play", "primary", shown=_in(R.DRAFT))
VERBS = (
    START,
    Action("Approve", "approve", icon="check", style="primary", shown=_in(R.AWAITING)),
    Action("Pause", "pause", "run", "player-pause", shown=_in(R.RUNNING, R.SCHEDULED)),
    Action("Resume", "resume", "run", "player-play", "primary", shown=_in(R.PAUSED, R.HALTED)),
    Action("Edit", "edit", "change", "edit", shown=_in(R.DRAFT)),
    Action(
        "Retry failed",
        "retry",
        "run",
        "refresh",
        shown=_in(*RETRIED),
    ),
    Action(
        "Roll back",
        "roll_back",
        "run",
        "arrow-back-up",
        "danger",
        shown=_in(R.RUNNING, R.PAUSED, R.HALTED, R.COMPLETED, R.ABORTED),
    ),
    Action(
        "Abort",
        "abort",
        "run",
        "ban",
        "danger",
        shown=_in(R.AWAITING, R.SCHEDULED, R.RUNNING, R.PAUSED, R.HALTED, R.ROLLING_BACK),
    ),
    Action("Delete", "delete", icon="trash", style="danger", shown=_in(*DELETABLE)),
)
# A list does not ask of each row whether a device failed; a page does.
OF_ONE = tuple(replace(verb, shown=_has_failed) if verb.verb == "retry" else verb for verb in VERBS)


@register_model_view(Rollout, "list", detail=False)
class RolloutListView(ObjectListView):
    """Every rollout that the reader may see."""

    queryset = ROWS
    filterset_class = RolloutFilterSet
    table_class = RolloutTable
    row_actions = VERBS
    actions = (Action("New rollout", "add", icon="plus", style="primary"),)
    empty = EmptyState(
        "No rollouts yet",
        "A rollout brings new firmware to many devices in waves, and stops by itself when too "
        "many of them fail.",
        icon="rocket",
        button="New rollout",
    )
    saved_views = (
        ("All", ""),
        ("Running", f"state={R.RUNNING}"),
        ("Halted", f"state={R.HALTED}"),
        ("Drafts", f"state={R.DRAFT}"),
        ("Completed", f"state={R.COMPLETED}"),
    )


class RolloutPage(ObjectView):
    """What every tab of a rollout shows: its state, what it is of, its buttons."""

    queryset = ROWS
    live_prefix = "rollout"
    actions = OF_ONE
    tabs = (Tab("Devices"), AUDIT_TAB)

    def status_value(self, obj: Any) -> str:
        """Return where it stands."""
        return obj.state

    def lead(self, obj: Any) -> str:
        """Return why it stands there."""
        return obj.reason

    def facts(self, obj: Any) -> list[Fact]:
        """Return what goes where by which plan."""
        firmware = linked("Source", obj, "source")
        one = [linked("Build", obj, "build")] if not obj.is_per_device else []
        each = [Fact("Builds", "one for each device")] if obj.is_per_device else []
        return [
            firmware,
            *one,
            *each,
            Fact("Devices", f"{obj.total:,}"),
            *plan_facts(obj),
            Fact("Drafted by", obj.created_by or ""),
            Fact("Started", "not yet" if not obj.started_at else "", time=obj.started_at),
            Fact("Ended", "" if obj.ended_at else "not yet", time=obj.ended_at),
        ]


@register_model_view(Rollout)
class RolloutView(RolloutPage, ObjectTabView):
    """The live page: a bar for each wave, the curve, the devices. A draft is reviewed here."""

    template_name = "fleet/rollout.html"
    table_class = RolloutTargetTable
    empty_title = "No device is in this state"

    def rows(self, obj: Any) -> Any:
        """Return the devices, of one state or wave if asked."""
        found = RolloutTargetFilterSet(
            self.request.GET, queryset=targets_of(self.actor, obj), request=self.request
        )
        return found.qs

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add what is drawn."""
        waves = counts_by_wave(obj)
        context = {
            **super().extra_context(obj),
            "bars": bars(waves),
            "tiles": tiles_of(obj, total_counts(waves)),
            "chosen_state": self.request.GET.get("state", ""),
            "states": TargetState.choices,
        }
        if obj.state in {R.DRAFT, R.AWAITING, R.SCHEDULED}:
            context |= {"rehearsal": rehearse(obj), "steps": wizard_steps(3)}
        else:
            context["chart"] = installs_chart(obj, timezone.now())
        return context


@register_model_view(Rollout, "audit")
class RolloutAuditView(RolloutPage, AuditTab):
    """What was recorded about it."""


@register_model_view(Rollout, "add", detail=False)
class RolloutAddView(ObjectEditView):
    """The first step: firmware and devices. It makes a draft."""

    queryset = ROWS
    form_class = RolloutForm
    template_name = "fleet/rollout_edit.html"
    create_title = "New rollout"
    submit_label = "Go on to the plan"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer what is of this organization."""
        organization = self.organization()
        devices = updatable(self.actor, organization)
        initial = {"name": "", **self.initial()}
        return {"organization": organization, "devices": devices, "initial": initial}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        data, organization = dict(form.cleaned_data), self.organization()
        devices = chosen_devices(
            self.actor,
            organization,
            self.request,
            mesh=data.pop("mesh"),
            uids=[device.uid for device in data.pop("devices")],
            query=data.pop("filter") or None,
        )
        return services.rollout_create(
            self.actor, organization=organization, devices=devices, **data
        )

    def done(self, obj: Any, *, created: bool) -> HttpResponse:
        """Go on to the plan."""
        return redirect(reverse("fleet:rollout_edit", kwargs={"uid": obj.uid}))


@register_model_view(Rollout, "edit")
class RolloutEditView(ObjectEditView):
    """The second step: the plan of a draft."""

    queryset = ROWS
    form_class = PlanForm
    template_name = "fleet/rollout_edit.html"

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        return services.rollout_edit(self.actor, rollout=obj, **form.cleaned_data)


class RolloutVerbView(ObjectActionView):
    """A verb of a rollout."""

    queryset = ROWS
    action = "run"
    argument = "rollout"


@register_model_view(Rollout, "start")
class RolloutStartView(RolloutVerbView):
    """Starts a draft, now or later."""

    service = services.rollout_start
    form_class = StartForm
    title = "Start {}?"
    submit_label = "Start"
    success = "{} is on its way."

    def consequences(self, obj: Any) -> list[str]:
        """Say what begins."""
        now = "" if obj.waves == 1 else ", the first one now"
        found = [f"{_devices(obj.total)} in {_waves(obj)}{now}."]
        if obj.rules.needs_approval:
            found = [f"Asks somebody else to approve it first; then {_devices(obj.total)}."]
        return found


@register_model_view(Rollout, "approve")
class RolloutApproveView(RolloutVerbView):
    """Approves what somebody else asked for."""

    service = services.rollout_approve
    action = "approve"
    title = "Approve {}?"
    submit_label = "Approve and start"
    success = "{} is approved."

    def consequences(self, obj: Any) -> list[str]:
        """Say what begins."""
        return [f"It goes to {_devices(obj.total)} in {_waves(obj)}."]


@register_model_view(Rollout, "pause")
class RolloutPauseView(RolloutVerbView):
    """Stops the offers for now."""

    service = services.rollout_pause
    title = "Pause {}?"
    submit_label = "Pause"
    success = "{} is paused."

    def consequences(self, obj: Any) -> list[str]:
        """Say what goes on."""
        return ["Offers are taken back. Devices that are downloading already finish that."]


@register_model_view(Rollout, "resume")
class RolloutResumeView(RolloutVerbView):
    """Goes on."""

    service = services.rollout_resume
    title = "Resume {}?"
    submit_label = "Resume"
    success = "{} goes on."

    def consequences(self, obj: Any) -> list[str]:
        """Say how failures count."""
        return ["Devices that failed before do not count against the limits any more."]


@register_model_view(Rollout, "retry")
class RolloutRetryView(RolloutVerbView):
    """Tries the failed devices again."""

    service = services.rollout_retry
    title = "Retry the failed devices of {}?"
    submit_label = "Retry failed"
    success = "The failed devices of {} are tried again."

    def consequences(self, obj: Any) -> list[str]:
        """Say how many begin anew."""
        failed = obj.targets.filter(state=TargetState.FAILED).count()
        return [f"It is offered again to {_devices(failed)} that failed."]


@register_model_view(Rollout, "roll_back")
class RolloutRollBackView(RolloutVerbView):
    """Gives devices their previous firmware back."""

    service = services.rollout_roll_back
    form_class = ReasonForm
    title = "Roll back {}?"
    submit_label = "Roll back"
    danger = True
    success = "Devices of {} are given their previous firmware back."

    def consequences(self, obj: Any) -> list[str]:
        """Say who goes back and who does not."""
        return [
            "Devices that got the firmware are offered their previous build at the next check-in.",
            "Devices whose previous firmware was not built here stay as they are.",
            "All others are left out.",
        ]


@register_model_view(Rollout, "abort")
class RolloutAbortView(RolloutVerbView):
    """Gives it up."""

    service = services.rollout_abort
    form_class = ReasonForm
    title = "Abort {}?"
    submit_label = "Abort"
    cancel_label = "Keep it"
    danger = True
    success = "{} is aborted."

    def consequences(self, obj: Any) -> list[str]:
        """Say what becomes of the devices."""
        return ["Devices that have the firmware keep it. All others are left out."]


@register_model_view(Rollout, "delete")
class RolloutDeleteView(ObjectDeleteView):
    """Deletes a draft, or one that is over."""

    queryset = ROWS
    service = services.rollout_delete
    argument = "rollout"

    def consequences(self, obj: Any) -> list[str]:
        """Say what goes along."""
        return [f"The results of its {_devices(obj.total)} go along; the firmware stays."]


@register_model_view(Device, "bulk_rollout", detail=False)
class DeviceBulkRolloutView(ScopedViewMixin, View):
    """Takes what was chosen in the list of devices into the first step."""

    queryset = Device.objects.all()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go to the first step."""
        return redirect(reverse("fleet:rollout_add"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the devices in the address of the first step: a filter, or ids."""
        chosen = Selection.of(request.POST)
        said = {"filter": chosen.query} if chosen.query is not None else {}
        if chosen.uids:
            said = {"devices": "\n".join(f"{uid}" for uid in chosen.uids[:200])}
        return redirect(f"{reverse('fleet:rollout_add')}?{urlencode(said)}")


register_bulk_action(
    Device,
    Action("Roll out", "bulk_rollout", permission="build", icon="rocket", dialog=False),
    order=100,
)
