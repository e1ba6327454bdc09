"""Console pages of bulk actions: the question, and the jobs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from audit.tabs import AUDIT_TAB, AuditTab
from core.exceptions import DomainError
from core.views import (
    Action,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectListView,
    ObjectTabView,
    ObjectView,
    Tab,
    register_model_view,
)
from core.views.base import ScopedViewMixin, heading, noun
from core.views.edit import add_errors
from core.views.selection import Selection
from devices.filters import DeviceFilterSet
from devices.models import Device
from fleet.bulk.choices import ItemState
from fleet.bulk.constants import AT_ONCE
from fleet.bulk.filters import BulkJobFilterSet, BulkJobItemFilterSet
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.performing import perform_now
from fleet.bulk.registry import BulkAction, bulk_actions
from fleet.bulk.selectors import place_for
from fleet.bulk.services import bulk_job_cancel, bulk_job_retry, bulk_job_start
from fleet.bulk.tables import BulkJobItemTable, BulkJobTable

JOBS = BulkJob.objects.select_related("organization", "started_by", "impersonator", "ceiling")
JOB_ACTIONS = (
    Action("Retry the failed", "retry", icon="refresh", shown=lambda j: j.failed and not j.is_open),
    Action("Cancel", "cancel", icon="ban", style="danger", shown=lambda job: job.is_open),
)
NAMED = 10


class BulkStartView(ScopedViewMixin, View):
    """Asks about a selection of devices, then does it, or starts a job where they are many.

    POST with a Selection asks; `confirm=1` does. What is asked about is what will be done: a
    filter that matches another number of devices by then is asked about again.
    """

    queryset = Device.objects.select_related("organization")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return to the list: there is nothing selected in a link."""
        self._action()
        return redirect(self._list_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask first, then act."""
        action = self._action()
        chosen = Selection.of(request.POST)
        permitted = self.get_rows(action.permission)
        devices = chosen.among(permitted, DeviceFilterSet, request)
        count = devices.count()
        if not count:
            messages.info(request, "Nothing was selected that you may change.")
            return redirect(self._list_url())
        confirmed = bool(request.POST.get("confirm"))
        asked = request.POST.get("count") in {None, f"{count}"}
        form = action.make_form(self.actor, request.POST if confirmed else None)
        if not confirmed or not asked or (form is not None and not form.is_valid()):
            return self._ask(action, chosen, devices, count, form)
        if count <= AT_ONCE:
            return self._do(action, devices, form.cleaned_data if form is not None else {})
        try:
            return redirect(self._start(action, devices).get_absolute_url())
        except DomainError as error:
            if form is None:
                messages.error(request, error.message)
                return redirect(self._list_url())
            add_errors(form, error)
            return self._ask(action, chosen, devices, count, form)

    def _action(self) -> BulkAction:
        slug = self.kwargs["slug"]
        if slug not in bulk_actions:
            raise Http404
        return bulk_actions.get(slug)

    def _start(self, action: BulkAction, devices: Any) -> BulkJob:
        narrowed = getattr(self.request, "organization", None) or None
        return bulk_job_start(
            self.actor,
            organization=place_for(self.actor, devices, narrowed),
            action=action,
            fields=action.fields_of(self.request.POST),
            devices=devices,
        )

    def _do(self, action: BulkAction, devices: Any, params: dict[str, Any]) -> HttpResponse:
        found = list(devices[:AT_ONCE])
        outcomes = [(row, perform_now(action, self.actor, row.pk, params)) for row in found]
        done = sum(outcome.state == ItemState.DONE for _, outcome in outcomes)
        if done:
            said = f"{done} {noun(Device, done)} {action.done_word}."
            messages.success(self.request, said)
        told = [(row, out) for row, out in outcomes if out.state != ItemState.DONE]
        for row, outcome in told[:NAMED]:
            level = messages.error if outcome.state == ItemState.FAILED else messages.info
            level(self.request, f"{row}: {outcome.message}")
        return redirect(self._list_url())

    def _ask(
        self, action: BulkAction, chosen: Selection, devices: Any, count: int, form: Any
    ) -> HttpResponse:
        few = list(devices[:AT_ONCE])
        said = action.consequences(few if count <= AT_ONCE else devices, count)
        if count <= AT_ONCE:
            chosen = Selection(uids=tuple(row.uid for row in few))
        else:
            said = [*said, "It is done in the background; you see how far it is, and can cancel."]
        what = f"{action.question} {count:,} {noun(Device, count)}"
        context = {
            "title": f"{what}?",
            "objects": few[:NAMED],
            "more": count - NAMED,
            "consequences": said,
            "typed": "",
            "form": form,
            "hidden": [*chosen.hidden(), {"name": "count", "value": f"{count}"}],
            "submit_label": what,
            "danger": action.danger,
            "cancel_url": self._list_url(),
            "action_url": self.request.path,
            "crumbs": [{"label": heading(Device), "url": self._list_url()}],
        }
        status = 422 if form is not None and form.errors else 200
        return render(self.request, "generic/confirm.html", context, status=status)

    def _list_url(self) -> str:
        return reverse("devices:device_list")


@register_model_view(BulkJob, "list", detail=False)
class BulkJobListView(ObjectListView):
    """What was asked of many devices at once."""

    queryset = JOBS
    filterset_class = BulkJobFilterSet
    table_class = BulkJobTable
    row_actions = JOB_ACTIONS
    lead = "What was asked of many devices at once, and what became of each."
    empty = EmptyState(
        "No bulk jobs yet",
        f"Select more than {AT_ONCE} devices in their list, or all that match a filter, and "
        "choose what to do with them. It becomes a job that you can watch here.",
        icon="list-check",
        button="See devices",
        leads_to="devices:device_list",
    )
    saved_views = (("All", ""), ("Running", "state=running"), ("Done", "state=done"))


class BulkJobPage(ObjectView):
    """What every tab of a job shows."""

    queryset = JOBS
    live_models = "fleet.bulkjob"
    actions = JOB_ACTIONS
    tabs = (Tab("Devices"), AUDIT_TAB)

    def status_value(self, obj: Any) -> str:
        """Return the state."""
        return f"{obj.state}"

    def facts(self, obj: Any) -> list[Fact]:
        """Return who asked for what."""
        return [
            Fact("Action", obj.label),
            *(Fact(label, text) for label, text in asked_for(obj)),
            Fact("Started by", obj.started_by or "nobody any more"),
            *([Fact("With", obj.credential)] if obj.credential else []),
            Fact("Organization", obj.organization),
            Fact("Started", time=obj.created_at),
            Fact("Ended", time=obj.ended_at),
            Fact("Job id", f"{obj.uid}", mono=True, copy=True),
        ]


@register_model_view(BulkJob)
class BulkJobView(BulkJobPage, ObjectTabView):
    """How far it is, and what became of each device."""

    template_name = "fleet/bulkjob.html"
    table_class = BulkJobItemTable
    empty_title = "No device here"
    empty_text = "No device of this job that you may see is in this state."

    def rows(self, obj: Any) -> Any:
        """Return the devices in the chosen state."""
        rows = BulkJobItem.objects.allowed(self.actor).filter(job=obj)
        return BulkJobItemFilterSet(self.request.GET, queryset=rows, request=self.request).qs

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the states to choose among."""
        return {
            **super().extra_context(obj),
            "states": list(self._states(obj)),
            "search": self.request.GET.get("q", ""),
        }

    def _states(self, obj: Any) -> Any:
        chosen = self.request.GET.get("state", "")
        counts = {
            "": obj.total,
            ItemState.FAILED: obj.failed,
            ItemState.DONE: obj.done,
            ItemState.SKIPPED: obj.skipped,
            ItemState.PENDING: obj.total - obj.ended,
        }
        for state, count in counts.items():
            yield {
                "label": ItemState(state).label if state else "All",
                "url": f"?state={state}" if state else self.request.path,
                "active": chosen == state,
                "count": count,
            }


@register_model_view(BulkJob, "audit")
class BulkJobAuditView(BulkJobPage, AuditTab):
    """What was recorded about the job; what was done to devices stands with them."""


@register_model_view(BulkJob, "cancel")
class BulkJobCancelView(ObjectActionView):
    """Leaves out the devices whose turn has not come."""

    queryset = JOBS
    action = "cancel"
    title = "Cancel {}?"
    submit_label = "Cancel the job"
    cancel_label = "Keep it running"
    service = bulk_job_cancel
    argument = "job"
    success = "The job is cancelled."

    def consequences(self, obj: Any) -> list[str]:
        """Say what stays."""
        left = obj.total - obj.ended
        return [
            f"{left:,} {noun(Device, left)} will be left out.",
            "What was done to the others stays done.",
        ]


@register_model_view(BulkJob, "retry")
class BulkJobRetryView(ObjectActionView):
    """Tries the failed devices again."""

    queryset = JOBS
    action = "retry"
    title = "Retry {}?"
    submit_label = "Retry the failed"
    service = bulk_job_retry
    argument = "job"
    success = "The failed devices are tried again."

    def consequences(self, obj: Any) -> list[str]:
        """Say how many, and in whose name."""
        return [
            f"{obj.failed:,} {noun(Device, obj.failed)} will be tried again, in your name.",
            "What was done already is not done again.",
        ]


def asked_for(job: BulkJob) -> list[tuple[str, str]]:
    """Return the fields of the action's form as they were sent, with their labels."""
    if job.action not in bulk_actions or bulk_actions.get(job.action).form_class is None:
        return []
    fields = bulk_actions.get(job.action).form_class.base_fields
    return [
        (fields[name].label or name.replace("_", " ").capitalize(), ", ".join(said))
        for name, said in job.params.items()
        if name in fields and any(said)
    ]
