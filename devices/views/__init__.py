"""Console pages of devices; importing them registers them."""

from __future__ import annotations

from devices.views import editing, listing, page

__all__ = ["editing", "listing", "page"]
