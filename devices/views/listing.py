"""The list of devices."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q

from core.views import Action, EmptyState, ObjectListView, register_model_view
from core.views.facets import CountedFacet, KindFacet, RelatedFacet, SampledFacet
from devices import presence
from devices.filters import DeviceFilterSet
from devices.models import Device, Mesh
from devices.querysets import firmware_word, with_newest_build
from devices.releases.models import ReleasedDevice
from devices.tables import DeviceTable
from devices.views.actions import DEVICE_ACTIONS

# Long texts of the source that a list does not show.
UNSHOWN = ("source__refs", "source__known_hosts", "source__access_token")
LISTED = with_newest_build(Device.objects.select_related("source", "state").defer(*UNSHOWN))


@register_model_view(Device, "list", detail=False)
class DeviceListView(ObjectListView):
    """Every device that the reader may see."""

    queryset = LISTED
    filterset_class = DeviceFilterSet
    table_class = DeviceTable
    row_actions = DEVICE_ACTIONS
    actions = (
        Action("Released", "list", permission="view", icon="plug", model=ReleasedDevice),
        Action("Add device", "add", icon="plus", style="primary"),
    )
    empty = EmptyState(
        "No devices yet",
        "A device appears here by itself when it first calls with an API key of this "
        "organization. You can also add it before it calls.",
        icon="cpu",
        button="Add device",
        docs="connect:page",
    )

    facets = (
        CountedFacet(
            "seen",
            "Presence",
            (
                ("online", "Online", presence.online),
                ("late", "Late", presence.late),
                ("offline", "Offline", presence.offline),
                ("never", "Never seen", lambda: Q(state__last_seen_at=None)),
            ),
        ),
        CountedFacet(
            "level",
            "Reported level",
            (
                ("error", "Error", lambda: Q(state__level="error")),
                ("warning", "Warning", lambda: Q(state__level="warning")),
                ("ok", "OK", lambda: Q(state__level="ok")),
            ),
        ),
        KindFacet(
            "firmware",
            "Firmware",
            firmware_word,
            (
                ("waiting", "Update waiting"),
                ("current", "Up to date"),
                ("none", "Never built"),
            ),
        ),
        SampledFacet("platform", "Platform", "platform"),
        SampledFacet("category", "Category", "category"),
        SampledFacet("tag", "Tag", "tags"),
        RelatedFacet("mesh", "Mesh", "meshes", Mesh),
        RelatedFacet("source", "Source", "source", Device._meta.get_field("source").related_model),
    )

    saved_views = (
        ("All", ""),
        ("Online", "seen=online"),
        ("Late", "seen=late"),
        ("Offline", "seen=offline"),
        ("Warnings", "level=warning"),
        ("Errors", "level=error"),
        ("Update waiting", "firmware=waiting"),
        ("Never built", "firmware=none"),
    )

    def with_columns(self, rows: Any, columns: frozenset[str]) -> Any:
        """Fetch the meshes along when they show: those that the reader may see."""
        if "meshes" not in columns:
            return rows
        meshes = Mesh.objects.allowed(self.actor).order_by("alias", "pk")
        return rows.prefetch_related(Prefetch("meshes", queryset=meshes))
