"""Notifications in the Django admin: to be read."""

from __future__ import annotations

from core.admin import register_rest

register_rest("notifications")
