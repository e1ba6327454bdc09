"""Console pages of people and organizations; importing them registers their routes."""

from __future__ import annotations

from accounts.views import organizations, profile, sign_in, support

__all__ = ["organizations", "profile", "sign_in", "support"]
