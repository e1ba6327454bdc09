"""Console pages of people and organizations; importing them registers their routes."""

from __future__ import annotations

from accounts.views import organizations, profile, shared, sharing, sign_in, support

__all__ = ["organizations", "profile", "shared", "sharing", "sign_in", "support"]
