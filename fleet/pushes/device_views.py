"""What the fleet app adds to a device's page: its configuration pushes, and how one starts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.exceptions import Conflict
from core.views import Action, ObjectActionView, ObjectTabView, register_model_view
from core.views.actions import object_actions
from core.views.selection import Selection
from devices.models import Device
from devices.overview import visible_variables
from devices.views.page import DevicePage
from fleet.pushes.choices import ReceiptState
from fleet.pushes.constants import WIFI
from fleet.pushes.drafting import config_push_draft, config_push_submit
from fleet.pushes.forms import ConfigPushForm
from fleet.pushes.models import ConfigPush, ConfigReceipt
from fleet.pushes.receipts import open_receipt
from fleet.pushes.selectors import needs_review, receipts_of
from fleet.pushes.services import config_push_start, config_push_withdraw
from fleet.pushes.tables import ReceiptTable
from keys.views.traces import no_traces

PUSH = Action("Push configuration", "push", permission="configure", icon="send", style="primary")
WITHDRAW = Action("Withdraw", "push_withdraw", permission="configure", icon="ban")


@register_model_view(Device, "configuration")
class DeviceConfigurationView(DevicePage, ObjectTabView):
    """What was sent to the device while it ran, and how far it came."""

    tab = "configuration"
    template_name = "fleet/device_configuration.html"
    table_class = ReceiptTable
    empty_title = "Nothing was pushed yet"
    empty_text = (
        "Values that the device takes over while it runs, without new firmware: a Wi-Fi to move "
        "to, an interval, an address."
    )

    def rows(self, obj: Any) -> Any:
        """Return the receipts, newest first."""
        return receipts_of(self.actor, obj)

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the buttons."""
        waiting = open_receipt(obj)
        is_queued = waiting is not None and waiting.state == ReceiptState.QUEUED
        actions = (PUSH, WITHDRAW) if is_queued else (PUSH,)
        buttons = object_actions(actions, obj, self.actor)
        return {**super().extra_context(obj), "tab_actions": buttons}


class DevicePushView(ObjectActionView):
    """Where a question about configuration leads back to."""

    queryset = Device.objects.select_related("organization", "source", "state")
    action = "configure"

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the tab that shows how far it came."""
        return redirect(reverse("devices:device_configuration", kwargs={"uid": obj.uid}))


@register_model_view(Device, "push")
@no_traces
class DevicePushStartView(DevicePushView):
    """Has the device take over values."""

    form_class = ConfigPushForm
    title = "Push configuration to {}"
    submit_label = "Push configuration"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the variables in force that this person may see."""
        found = visible_variables(self.actor, obj.organization, source=obj.source, device=obj)
        return {"variables": found}

    def consequences(self, obj: Any) -> list[str]:
        """Say how it gets there, and what it takes the place of."""
        found = [
            "Sent over MQTT at once if the device listens there, otherwise at its next check-in.",
            f"With {WIFI[0]} and {WIFI[1]} devices move to that Wi-Fi at once: a wrong one cuts "
            "them off.",
        ]
        waiting = open_receipt(obj)
        if waiting is not None:
            found.append(f"Takes the place of what is still on its way: {waiting.push}.")
        if needs_review(obj.organization):
            found.append("A second person has to approve it before it goes.")
        return found

    def perform(self, obj: Any, form: Any) -> ConfigReceipt | ConfigPush:
        """Call the service; where a second person has to approve it, ask for that."""
        if not needs_review(obj.organization):
            return config_push_start(self.actor, device=obj, **form.cleaned_data)
        chosen = {"organization": obj.organization, "selection": Selection(uids=(obj.uid,))}
        push = config_push_draft(self.actor, **chosen, **form.cleaned_data)
        return config_push_submit(self.actor, push=push)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go where its state is to be seen."""
        if isinstance(result, ConfigPush):
            messages.success(self.request, "It waits for a second person to approve it.")
            return redirect(result.get_absolute_url())
        return super().done(obj, result)


@register_model_view(Device, "push_withdraw")
class DevicePushWithdrawView(DevicePushView):
    """Takes back what was not sent yet."""

    title = "Withdraw the configuration for {}?"
    submit_label = "Withdraw"
    cancel_label = "Keep it"

    def consequences(self, obj: Any) -> list[str]:
        """Name what is taken back."""
        waiting = open_receipt(obj)
        return [f"The device will not be sent: {waiting.push}."] if waiting is not None else []

    def perform(self, obj: Any, form: Any) -> None:
        """Call the service."""
        waiting = open_receipt(obj)
        if waiting is None:
            raise Conflict("fleet.config_not_waiting", "Nothing waits for this device any more.")
        config_push_withdraw(self.actor, receipt=waiting)
        messages.success(self.request, "The configuration is withdrawn.")
