"""Generic console views: a list, a page, a form, a confirmation, a verb, a bulk verb."""

from __future__ import annotations

from core.views.actions import Action, ObjectAction
from core.views.base import ScopedViewMixin
from core.views.bulk import BulkActionView, BulkDeleteView
from core.views.bulk_bar import register_bulk_action
from core.views.detail import Fact, ObjectTabView, ObjectView, Tab, linked
from core.views.edit import ObjectEditView
from core.views.fields import ObjectFieldView
from core.views.listing import EmptyState, ObjectListView
from core.views.registry import get_model_urls, register_model_view
from core.views.verbs import ObjectActionView, ObjectDeleteView

__all__ = [
    "Action",
    "BulkActionView",
    "BulkDeleteView",
    "EmptyState",
    "Fact",
    "ObjectAction",
    "ObjectActionView",
    "ObjectDeleteView",
    "ObjectEditView",
    "ObjectFieldView",
    "ObjectListView",
    "ObjectTabView",
    "ObjectView",
    "ScopedViewMixin",
    "Tab",
    "get_model_urls",
    "linked",
    "register_bulk_action",
    "register_model_view",
]
