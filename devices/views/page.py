"""The page of one device, and its tabs. What belongs to builds is added by the builds app."""

from __future__ import annotations

from typing import Any

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.views import Action, Fact, ObjectView, Tab, linked, register_model_view
from core.views.actions import object_actions
from devices.firmware import (
    available_firmware,
    builds_shown,
    firmware_notes,
    installed_firmware,
)
from devices.health import (
    firmware_of,
    health_of,
    is_online,
    next_sentence,
    state_of,
    update_loop,
)
from devices.icons import ICONS
from devices.maps import OUTLINE, place_of
from devices.models import Device
from devices.overview import checkin_facts, due_facts, interval_words, zone_words
from devices.querysets import with_newest_build
from devices.transformers.selectors import chain_shown
from devices.views.actions import BUILD_HERE, DEVICE_ACTIONS
from messaging.models import DeviceMessage
from messaging.selectors import open_question

WITH_BUILDS = with_newest_build(Device.objects).select_related(
    "organization",
    "source",
    "state",
    "state__installed_build__source",
    "state__offered_build__source",
)
TRANSFER = Action("Transfer", "transfer", icon="arrows-exchange")
MESHES = Action("Meshes", "meshes", permission="change", icon="topology-star-3")


class DevicePage(ObjectView):
    """What every tab of a device shows: status, one line, buttons, facts."""

    queryset = WITH_BUILDS
    live_prefix = "device"
    actions = (*DEVICE_ACTIONS, MESHES, TRANSFER, SHARE_ACTION)
    tabs = (
        Tab("Overview"),
        Tab("Builds", "builds"),
        Tab("History", "history"),
        Tab("Messages", "messages", needs=DeviceMessage),
        Tab("Environment", "environment"),
        Tab("Configuration", "configuration"),
        ACCESS_TAB,
        AUDIT_TAB,
    )

    def title_icon(self, obj: Any) -> str:
        """Return the picture that people gave it."""
        return obj.icon

    def status_value(self, obj: Any) -> str:
        """Return online, offline or the alarm it reports."""
        return health_of(obj).status

    def lead(self, obj: Any) -> str:
        """Return the words of the device itself."""
        state = state_of(obj)
        if state.last_seen_at is None:
            return "This device has not called yet."
        running = f"Runs {state.version}" if state.version else "Reports no version"
        return f"{running} · {state.status}" if state.status else running

    def facts(self, obj: Any) -> list[Fact]:
        """Return what people decided about the device."""
        state = state_of(obj)
        updates = "By itself" if obj.auto_update else "When told"
        return [
            Fact("Name", obj.alias, field="alias"),
            Fact("Icon", ICONS.get(obj.icon, obj.icon), field="icon"),
            Fact("Description", obj.description, field="description"),
            linked("Source", obj, "source", field="source"),
            Fact("Updates", updates, field="auto_update"),
            Fact("Category", obj.category, field="category"),
            Fact("Tags", ", ".join(obj.tags), field="tags"),
            Fact("Time zone", zone_words(state), field="timezone_name"),
            Fact("Expected every", interval_words(obj, state), field="checkin_interval"),
            Fact("Platform", obj.platform, mono=True, field="platform"),
            Fact("MAC address", obj.mac, mono=True, copy=bool(obj.mac), field="mac"),
            Fact("Device id", obj.udid, mono=True, copy=True),
            Fact("Last seen", "never" if not state.last_seen_at else "", time=state.last_seen_at),
            *due_facts(state),
            Fact("Check-ins", f"{state.checkins:,}"),
            Fact("Added", time=obj.created_at),
        ]


register_sharing(Device, DevicePage)


@register_model_view(Device)
class DeviceView(DevicePage):
    """The overview: what runs, what waits, what it last said."""

    template_name = "devices/device.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the firmware loop and the last check-in."""
        builds = obj.builds.allowed(self.actor)
        shown = builds_shown(obj, builds)
        newest, state = shown.get(obj.newest_build_id), state_of(obj)
        return {
            "state": state,
            "question": open_question(self.actor, obj),
            "online": is_online(state),
            "firmware_look": firmware_of(obj),
            "installed": installed_firmware(obj, shown),
            "available": available_firmware(obj, shown),
            "firmware_actions": object_actions((BUILD_HERE,), obj, self.actor),
            "firmware_notes": firmware_notes(self.actor, obj),
            "newest": newest,
            "latest": builds.select_related("source").order_by("-pk").first(),
            "loop": update_loop(obj, newest),
            "next_sentence": next_sentence(obj, newest),
            "checkin": checkin_facts(state),
            "place": place_of(state),
            "outline": OUTLINE,
            "meshes": obj.meshes.allowed(self.actor).order_by("alias", "pk"),
            "chain": chain_shown(self.actor, obj),
            "may_change": self.may(obj, "change"),
        }


@register_model_view(Device, "audit")
class DeviceAuditView(DevicePage, AuditTab):
    """What was recorded about the device."""
