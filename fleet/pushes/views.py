"""Pages of configuration pushes: the list, drafts with their preview, progress, verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Organization
from core.views import (
    Action,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectEditView,
    ObjectListView,
    ObjectView,
    linked,
    register_bulk_action,
    register_model_view,
)
from core.views.paging import paginate, totals
from core.views.selection import Selection
from devices.models import Device
from devices.overview import visible_variables
from fleet.pushes import applying, drafting
from fleet.pushes.choices import RETRIED, UNAPPLIED, PushState, ReceiptState
from fleet.pushes.constants import WIFI
from fleet.pushes.differences import differences, preview_devices
from fleet.pushes.filters import ConfigPushFilterSet
from fleet.pushes.forms import ApproveForm, PushForm
from fleet.pushes.models import ConfigPush
from fleet.pushes.places import place_of
from fleet.pushes.progress import progress_of
from fleet.pushes.selectors import (
    chosen_of,
    counts_of,
    needs_review,
    receipts_in,
    selection_words,
)
from fleet.pushes.tables import DeviceReceiptTable, PreviewTable, PushTable
from keys.views.traces import no_traces

ROWS = ConfigPush.objects.select_related(
    "organization", "created_by", "reviewed_by", "applied_by", "reverts"
)
P = PushState


def _is_ready(push: Any) -> bool:
    return push.state == P.APPROVED or (push.state == P.DRAFT and not push.wants_review)


ACTIONS = (
    Action(
        "Submit for review",
        "submit",
        permission="change",
        icon="eye",
        style="primary",
        shown=lambda push: push.state == P.DRAFT and push.wants_review,
    ),
    Action("Apply", "apply", permission="change", icon="send", style="primary", shown=_is_ready),
    Action(
        "Approve",
        "approve",
        permission="change",
        icon="check",
        style="primary",
        shown=lambda push: push.state == P.REVIEW,
        disabled=lambda push: "Somebody else has to approve it." if push.is_mine else "",
    ),
    Action(
        "Edit",
        "edit",
        permission="change",
        icon="edit",
        shown=lambda push: push.state == P.DRAFT and not push.reverts_id,
    ),
    Action(
        "Back to draft",
        "return",
        permission="change",
        icon="arrow-back-up",
        shown=lambda push: push.state in {P.REVIEW, P.APPROVED},
    ),
    Action(
        "Discard",
        "discard",
        permission="change",
        icon="trash",
        style="danger",
        shown=lambda push: push.state in UNAPPLIED,
    ),
    Action(
        "Retry",
        "retry",
        permission="change",
        icon="refresh",
        shown=lambda push: push.state == P.APPLIED and bool({*RETRIED} & push.tally.keys()),
    ),
    Action(
        "Withdraw",
        "withdraw",
        permission="change",
        icon="ban",
        shown=lambda push: push.state == P.APPLIED and ReceiptState.QUEUED in push.tally,
    ),
    Action(
        "Revert",
        "revert",
        permission="change",
        icon="arrow-back-up",
        shown=lambda push: push.state == P.APPLIED,
    ),
)

register_bulk_action(
    Device,
    Action(
        "Push configuration",
        "configure",
        icon="send",
        address=lambda: reverse("fleet:configpush_add"),
        dialog=False,
    ),
    order=100,
)


@register_model_view(ConfigPush, "list", detail=False)
class ConfigPushListView(ObjectListView):
    """Every push that the reader may see."""

    queryset = ROWS
    filterset_class = ConfigPushFilterSet
    table_class = PushTable
    actions = (Action("New push", "add", icon="plus", style="primary"),)
    saved_views = (
        ("All", ""),
        ("Drafts", "state=draft"),
        ("In review", "state=review"),
        ("Applied", "state=applied"),
    )
    empty = EmptyState(
        "No configuration was pushed yet",
        "A push gives values to devices while they run, without new firmware: a Wi-Fi to move to, "
        "an interval, an address. You see what changes on each device before it goes.",
        icon="send",
        button="New push",
    )


@register_model_view(ConfigPush)
class ConfigPushView(ObjectView):
    """One push: what it would change on each device, then how far it came to each."""

    queryset = ROWS
    template_name = "fleet/configpush.html"
    live_prefix = "configpush"
    actions = ACTIONS

    def get_one(self, action: str) -> Any:
        """Note what the buttons depend on."""
        push = super().get_one(action)
        push.wants_review = needs_review(push.organization)
        push.tally = counts_of(push) if push.applied_at else {}
        push.is_mine = self.actor.user is not None and self.actor.user.pk in push.authors
        return push

    def status_value(self, obj: Any) -> str:
        """Return its state."""
        return obj.state

    def lead(self, obj: Any) -> str:
        """Return which devices it is for."""
        return selection_words(self.actor, obj)

    def facts(self, obj: Any) -> list[Fact]:
        """Return who did what."""
        found = [
            Fact("Organization", obj.organization),
            Fact("Drafted by", obj.created_by),
            Fact("Drafted", time=obj.created_at),
        ]
        if obj.reviewed_by is not None:
            found.append(Fact("Approved by", obj.reviewed_by))
        if obj.applied_at is not None:
            found += [Fact("Applied by", obj.applied_by), Fact("Applied", time=obj.applied_at)]
            found.append(Fact("Given up", time=obj.expires_at))
        if obj.reverts_id is not None:
            found.append(linked("Reverts", obj, "reverts"))
        return found

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the devices: with what would change, or with how far it came."""
        if obj.applied_at is None:
            return self._preview(obj)
        chosen = self.request.GET.get("state", "")
        rows = receipts_in(self.actor, obj)
        if chosen in ReceiptState.values:
            rows = rows.filter(state=chosen)
        table = self._table(DeviceReceiptTable, rows)
        progress = progress_of(obj.tally)
        return {**self._listed(table), "progress": progress, "chosen_state": chosen}

    def _preview(self, obj: Any) -> dict[str, Any]:
        if obj.state == P.DISCARDED:
            return {"table": None, "total": 0}
        table = self._table(PreviewTable, preview_devices(self.actor, obj))
        differences(self.actor, obj, [row.record for row in table.paginated_rows])
        return self._listed(table)

    def _table(self, table_class: Any, rows: Any) -> Any:
        return paginate(table_class(rows), self.request)

    def _listed(self, table: Any) -> dict[str, Any]:
        return {"table": table, **totals(table), "request_path": ""}


class PushEditView(ObjectEditView):
    """The form of a push; with a selection from the list of devices or without."""

    queryset = ROWS
    form_class = PushForm
    template_name = "fleet/configpush_edit.html"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the variables of the organization that this person may see."""
        variables = visible_variables(self.actor, self.place(obj))
        return {"variables": variables, "selection": self.selection(obj), "draft": obj}

    def place(self, obj: Any) -> Any:
        """Return the organization of the push."""
        return obj.organization if obj is not None else self.organization()

    def selection(self, obj: Any) -> Selection | None:
        """Return the devices that are chosen already."""
        return None if obj is None else chosen_of(obj)


@register_model_view(ConfigPush, "add", detail=False)
@no_traces
class ConfigPushAddView(PushEditView):
    """Drafts a push. The list of devices posts its selection here, and gets the form for it."""

    create_title = "New configuration push"
    submit_label = "Preview"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form for a selection, or save it."""
        if "written" not in request.POST:
            return self.get(request)
        return super().post(request, *args, **kwargs)

    def selection(self, obj: Any) -> Selection | None:
        """Return what was selected in the list of devices."""
        posted = self.request.POST
        return Selection.of(posted) if "selected" in posted or "all" in posted else None

    def organization(self) -> Organization:
        """Return the one that all selected devices are of or below, else that of the header."""
        chosen = self.selection(None)
        home = super().organization()
        return place_of(self.actor, chosen, self.request) or home if chosen else home

    def save(self, form: Any, obj: Any) -> ConfigPush:
        """Call the service."""
        return drafting.config_push_draft(
            self.actor, organization=self.organization(), **form.cleaned_data
        )

    def done(self, saved: Any, *, created: bool) -> HttpResponse:
        """Show what it would change."""
        messages.info(self.request, "This is a draft: nothing has gone to a device yet.")
        return redirect(saved.get_absolute_url())


@register_model_view(ConfigPush, "edit")
@no_traces
class ConfigPushEditView(PushEditView):
    """Changes a draft."""

    def save(self, form: Any, obj: Any) -> ConfigPush:
        """Call the service."""
        return drafting.config_push_change(self.actor, push=obj, **form.cleaned_data)


class PushVerb(ObjectActionView):
    """A verb of a push."""

    queryset = ROWS
    action = "change"
    argument = "push"


@register_model_view(ConfigPush, "submit")
class ConfigPushSubmitView(PushVerb):
    """Asks a second person."""

    title = "Submit {} for review?"
    submit_label = "Submit for review"
    success = "It waits for a second person to approve it."
    service = drafting.config_push_submit

    def consequences(self, obj: Any) -> list[str]:
        """Say who can approve."""
        return ["Anybody else who may configure devices here can approve it. You cannot."]


@register_model_view(ConfigPush, "approve")
class ConfigPushApproveView(PushVerb):
    """Approves what somebody else wrote."""

    form_class = ApproveForm
    title = "Approve {}?"
    submit_label = "Approve"
    success = "It is approved and can be applied."
    service = drafting.config_push_approve

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Remember what was looked at."""
        return {"initial": {"version": obj.version}}

    def consequences(self, obj: Any) -> list[str]:
        """Say what is approved."""
        return [f"It pushes {', '.join(obj.names)}.", selection_words(self.actor, obj)]


@register_model_view(ConfigPush, "return")
class ConfigPushReturnView(PushVerb):
    """Makes a draft of it again."""

    title = "Make {} a draft again?"
    submit_label = "Back to draft"
    success = "It is a draft again."
    service = drafting.config_push_return


@register_model_view(ConfigPush, "discard")
class ConfigPushDiscardView(PushVerb):
    """Throws it away."""

    title = "Discard {}?"
    submit_label = "Discard"
    cancel_label = "Keep it"
    danger = True
    success = "It is discarded; nothing went to a device."
    service = drafting.config_push_discard


@register_model_view(ConfigPush, "apply")
class ConfigPushApplyView(PushVerb):
    """Sends it."""

    title = "Apply {}?"
    submit_label = "Apply"
    success = "It is on its way."
    service = applying.config_push_apply

    def consequences(self, obj: Any) -> list[str]:
        """Say to how many devices it goes, and how."""
        count = len(set(applying.target_ids(self.actor, obj)))
        found = [
            f"Goes to {count:,} device{'' if count == 1 else 's'}: over MQTT at once where one "
            "listens, otherwise at its next check-in.",
            "Takes the place of what is still on its way to them.",
        ]
        if {*WIFI} & {*obj.names}:
            found.append("The devices move to that Wi-Fi at once: a wrong one cuts them off.")
        return found


@register_model_view(ConfigPush, "retry")
class ConfigPushRetryView(PushVerb):
    """Sends it again where it failed or expired."""

    title = "Send {} again?"
    submit_label = "Retry"
    success = "It is on its way again to {1} of the devices."
    service = applying.config_push_retry

    def consequences(self, obj: Any) -> list[str]:
        """Say to which."""
        return [
            "Goes again to the devices that could not take it or never fetched it, but not to "
            "those that were sent something newer since."
        ]


@register_model_view(ConfigPush, "withdraw")
class ConfigPushWithdrawView(PushVerb):
    """Takes back what was not sent."""

    title = "Withdraw {}?"
    submit_label = "Withdraw"
    cancel_label = "Keep it"
    success = "It is taken back from {1} of the devices."
    service = applying.config_push_withdraw_waiting

    def consequences(self, obj: Any) -> list[str]:
        """Say what stays."""
        return [
            "The devices that it was not sent to yet will not get it. What was sent stays; revert "
            "the push to take that back."
        ]


@register_model_view(ConfigPush, "revert")
class ConfigPushRevertView(PushVerb):
    """Drafts its reverse."""

    title = "Revert {}?"
    submit_label = "Draft the revert"
    service = applying.config_push_revert

    def consequences(self, obj: Any) -> list[str]:
        """Say what it gives back, and that it asks again."""
        return [
            "Drafts a push that gives each device what it was last confirmed to have before, or "
            "what its variables say. You see it for each device before it goes.",
            "Devices that were sent something newer since are left out.",
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Show the draft."""
        messages.info(self.request, "This is a draft: nothing has gone to a device yet.")
        return redirect(result.get_absolute_url())
