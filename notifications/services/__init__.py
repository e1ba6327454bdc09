"""Writes of notifications. `notify` is what other apps call."""

from __future__ import annotations

from notifications.services.telling import Happened, notify, notify_many

__all__ = ["Happened", "notify", "notify_many"]
