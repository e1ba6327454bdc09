"""Console pages of sources, builds and artifacts, and what they add to a device's page."""

from __future__ import annotations

from builds.views import artifacts, builds, devices, generic, sources

__all__ = ["artifacts", "builds", "devices", "generic", "sources"]
