"""Saved views of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import ClassVar

from accounts.belongings import Belongings, belongings
from accounts.models import SavedView


@belongings.register
class SavedViews(Belongings):
    """Names and what they show."""

    slug = "saved-views"
    one = "saved view"
    many = "saved views"
    model = SavedView
    fields: ClassVar = ("uid", "list_name", "name", "query", "created_at")
