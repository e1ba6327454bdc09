"""Pages of one object, with its tabs, facts and buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.generic import View

from core.concealing import is_concealed, told
from core.scoping import get_allowed, is_allowed, may_in, sees
from core.views.actions import Action, object_actions
from core.views.base import ScopedViewMixin, heading
from core.views.paging import paginate, totals
from core.views.registry import is_registered, url_name


@dataclass(frozen=True)
class Fact:
    """One line of the facts card; `field` is the form field that changes it, in place."""

    label: str
    value: Any = ""
    mono: bool = False
    copy: bool = False
    url: str = ""
    status: str = ""
    time: datetime | None = None
    field: str = ""


def linked(label: str, obj: Any, name: str, *, field: str = "") -> Fact:
    """Return the fact that names and links a related object, if the reader may view that."""
    related = getattr(obj, name)
    if is_concealed(obj, name):
        return Fact(label, "Not shared with you")
    return Fact(label, related, url=related.get_absolute_url() if related else "", field=field)


@dataclass(frozen=True)
class Tab:
    """A tab of an object's page: its label, URL action, and what it counts.

    `needs` is a model that one must be allowed to view in the object's organization.
    """

    label: str
    verb: str = ""
    count: Callable[[Any], int] | None = None
    needs: type[Model] | None = None


class ObjectView(ScopedViewMixin, View):
    """Declares `queryset`, `template_name`, buttons and tabs; hooks say status, lead and facts.

    `live_prefix` names the object's own group of live notices; `live_models` are those whose
    changes anywhere in the organization concern the page.
    """

    template_name: ClassVar[str] = "generic/object_detail.html"
    actions: ClassVar[tuple[Action, ...]] = ()
    tabs: ClassVar[tuple[Tab, ...]] = ()
    tab: ClassVar[str] = ""
    live_prefix: ClassVar[str] = ""
    live_models: ClassVar[str] = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        obj = self.get_one("view")
        return render(request, self.template_name, self.get_context(obj))

    def get_one(self, action: str) -> Any:
        """Return the row, telling nothing of related rows that the reader may not view."""
        rows = self.queryset.all().concealing(self.actor)
        return get_allowed(rows, self.actor, action, uid=self.kwargs["uid"])

    def get_context(self, obj: Any) -> dict[str, Any]:
        """Return what generic/object_detail.html names in its first comment."""
        return {
            "object": obj,
            "title": f"{obj}",
            "crumbs": self.crumbs(obj),
            "title_icon": self.title_icon(obj),
            "status_value": self.status_value(obj),
            "lead": self.lead(obj),
            "facts": self.facts(obj),
            "field_url": self._field_url(obj),
            "tabs": self._tabs(obj),
            "object_actions": object_actions(self.actions, obj, self.actor),
            "live": self._live(obj),
            **self.extra_context(obj),
        }

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the way back: the list this object is in."""
        model = type(obj)
        return [{"label": heading(model), "url": reverse(url_name(model, "list"))}]

    def title_icon(self, obj: Any) -> str:
        """Return the icon before the title, if the object has one of its own."""
        return ""

    def status_value(self, obj: Any) -> str:
        """Return the state shown beside the title, if the object has one."""
        return ""

    def lead(self, obj: Any) -> str:
        """Return the line of facts below the title."""
        return ""

    def facts(self, obj: Any) -> list[Fact]:
        """Return the facts card."""
        return []

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Return what the page's own template needs beyond that."""
        return {}

    def _field_url(self, obj: Any) -> str:
        model = type(obj)
        if not is_registered(model, "field") or not self.may(obj, "change"):
            return ""
        return reverse(url_name(model, "field"), kwargs={"uid": obj.uid})

    def may(self, obj: Any, action: str) -> bool:
        """Tell whether the reader may do this to the object of the page; asked once."""
        asked: dict[str, bool] = self.__dict__.setdefault("_asked", {})
        if action not in asked:
            asked[action] = is_allowed(obj, self.actor, action)
        return asked[action]

    def _live(self, obj: Any) -> dict[str, str] | None:
        url = self.request.get_full_path()
        if self.live_prefix:
            return {"group": f"{self.live_prefix}.{obj.uid}", "url": url}
        if self.live_models and sees(self.actor, obj.organization):
            group = f"org.{obj.organization.uid}"
            return {"group": group, "url": url, "models": self.live_models}
        return None

    def _tabs(self, obj: Any) -> list[dict[str, Any]]:
        if len(self.tabs) < 2:
            return []
        return [
            {
                "label": tab.label,
                "url": reverse(url_name(type(obj), tab.verb), kwargs={"uid": obj.uid}),  # type: ignore[attr-defined]
                "active": tab.verb == self.tab,
                "count": tab.count(obj) if tab.count else None,
            }
            for tab in self.tabs
            if tab.needs is None or may_in(self.actor, tab.needs, "view", obj.organization)
        ]


class ObjectTabView(ObjectView):
    """A tab that lists rows related to the object, through `allowed()` like any list."""

    template_name = "generic/object_tab.html"
    table_class: ClassVar[Any]
    empty_title: ClassVar[str] = "Nothing here yet"
    empty_text: ClassVar[str] = ""

    def rows(self, obj: Any) -> Any:
        """Return the related rows, already narrowed by `allowed(self.actor)`."""
        raise TypeError(f"{type(self).__name__} does not say which rows it lists")

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the table."""
        table = paginate(self.table_class(told(self.rows(obj), self.actor)), self.request)
        empty = {"title": self.empty_title, "text": self.empty_text}
        return {"table": table, **totals(table), "empty": empty, "request_path": ""}
