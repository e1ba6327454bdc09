"""Kinds of news: a registry. An app registers its own beside what it tells of; those that belong to
apps below this one are modules here."""

from __future__ import annotations

from notifications.kinds._base import Kind, Told, kinds

__all__ = ["Kind", "Told", "kinds"]
