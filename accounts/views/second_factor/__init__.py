"""Pages of second factors and of sudo mode."""

from __future__ import annotations

from accounts.views.second_factor import sudo

__all__ = ["sudo"]
