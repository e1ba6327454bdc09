"""The version rule, as the gateway knows it; it lives below, where the console needs it too."""

from __future__ import annotations

from devices.versions import Version, collapse_version, device_version, update_available

__all__ = ["Version", "collapse_version", "device_version", "update_available"]
