"""Builds firmware for many devices."""

from __future__ import annotations

from typing import Any

from builds.services.build import build_start
from fleet.bulk.forms import BuildDevicesForm
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class BuildFirmware(BulkAction):
    """Queues a build of each device's own source."""

    slug = "build"
    label = "Build firmware"
    icon = "hammer"
    order = 30
    permission = "build"
    question = "Build firmware for"
    done_word = "queued for a build"
    form_class = BuildDevicesForm

    def consequences(self, devices: Any, count: int) -> list[str]:
        """Say what is built, and for whom not."""
        lines = ["Each is built from its own source, one after the other as workers are free."]
        if without := devices.filter(source=None).count():
            has = "1 has" if without == 1 else f"{without:,} have"
            lines.append(f"{has} no source, and fail{'s' if without == 1 else ''} here.")
        return lines

    def perform(self, actor: Any, device: Any, *, deliver: bool) -> str | None:
        """Call the service."""
        build_start(actor, device=device, deliver=deliver)
        return None
