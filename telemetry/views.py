"""What telemetry adds to a device's page: its history."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from core.views import register_model_view
from devices.models import Device
from devices.views.page import DevicePage
from telemetry.charts import device_charts, range_links
from telemetry.ranges import range_of
from telemetry.selectors import device_series, status_page


@register_model_view(Device, "history")
class DeviceHistoryView(DevicePage):
    """Check-ins, signal and statuses over time."""

    tab = "history"
    template_name = "telemetry/device_history.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the charts of the chosen range, and a page of statuses."""
        asked = self.request.GET
        span = range_of(asked.get("range"))
        statuses = status_page(obj, before=stamp_of(asked.get("before")))
        older = urlencode({"range": span.slug, "before": statuses.before})
        return {
            "charts": device_charts(device_series(obj, span)),
            "ranges": range_links(span),
            "range": span,
            "statuses": statuses,
            "older_url": f"?{older}" if statuses.before else "",
        }


def stamp_of(text: str | None) -> int | None:
    """Return where a page begins, or None for one that makes no sense: the newest."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
