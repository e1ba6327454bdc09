"""Console pages of devices; importing them registers them."""

from __future__ import annotations

from devices.views import bulk, editing, listing, page

__all__ = ["bulk", "editing", "listing", "page"]
