"""What the builds app adds to a device's page: its builds, and the verb that starts one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from builds.environments import DESYNC, synchrony
from builds.forms import BuildStartForm
from builds.models import Build
from builds.services import build_can_start, build_start
from builds.tables import DeviceBuildTable
from core.scoping import sees
from core.views import Action, ObjectActionView, ObjectTabView, register_model_view
from core.views.actions import object_actions
from devices.models import Device
from devices.overview import visible_variables
from devices.tables import EnvironmentTable
from devices.views.actions import BUILD_HERE
from devices.views.page import DevicePage
from keys.models import EnvVar

PUSH = Action("Push configuration", "push", permission="configure", icon="send")
ADD_VARIABLE = Action(
    "Add variable",
    "add",
    icon="plus",
    model=EnvVar,
    query=lambda device: f"device={device.uid}",
)


@register_model_view(Device, "builds")
class DeviceBuildsView(DevicePage, ObjectTabView):
    """The builds made for the device."""

    tab = "builds"
    table_class = DeviceBuildTable
    empty_title = "Nothing was built yet"
    empty_text = "Build firmware to make the first one. Its log is kept here."

    def rows(self, obj: Any) -> Any:
        """Return the builds, newest first."""
        builds = Build.objects.allowed(self.actor).filter(device=obj)
        return builds.select_related("source", "device", "created_by")


@register_model_view(Device, "environment")
class DeviceEnvironmentView(DevicePage, ObjectTabView):
    """The variables in force for the device, and whether it runs them."""

    tab = "environment"
    template_name = "devices/device_environment.html"
    table_class = EnvironmentTable
    empty_title = "No variables"
    empty_text = (
        "What you set here, at the source or for the whole organization is written into the "
        "firmware of this device."
    )

    def rows(self, obj: Any) -> Any:
        """Return the variables, nearest level first to win."""
        return visible_variables(self.actor, obj.organization, source=obj.source, device=obj)

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add whether the device has them, and what to do about it."""
        found = synchrony(obj)
        ways = (BUILD_HERE, PUSH) if found.state == DESYNC else ()
        return {
            **super().extra_context(obj),
            "tab_actions": object_actions((ADD_VARIABLE,), obj, self.actor),
            "synchrony": found,
            "ways": object_actions(ways, obj, self.actor),
        }


@register_model_view(Device, "build")
class DeviceBuildView(ObjectActionView):
    """Starts a build for the device."""

    queryset = Device.objects.select_related("organization", "source")
    action = "build"
    form_class = BuildStartForm
    title = "Build firmware for {}"
    chosen_among = "source"
    submit_label = "Build firmware"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Let the form know which sources it may offer."""
        return {"device": obj}

    def consequences(self, obj: Any) -> list[str]:
        """Say what is built, with what written into it, and what stands against it."""
        found = []
        if obj.source is not None and sees(self.actor, obj.source):
            found.append(f"Builds the newest commit of {obj.source}, branch {obj.source.branch}.")
            reason = build_can_start(obj)
            found += [f"{reason}"] if reason else []
        variables = visible_variables(self.actor, obj.organization, source=obj.source, device=obj)
        names = ", ".join(entry.name for entry in variables[:6])
        more = f" and {len(variables) - 6} more" if len(variables) > 6 else ""
        if names:
            found.append(f"Writes its environment into it: {names}{more}.")
        return found

    def perform(self, obj: Any, form: Any) -> Build:
        """Call the service."""
        return build_start(self.actor, device=obj, **form.cleaned_data)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the build and watch it."""
        return redirect(result.get_absolute_url())
