"""The browsable API in the look of the console."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.fields import empty
from rest_framework.relations import RelatedField
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request, override_method
from rest_framework.serializers import ListSerializer
from rest_framework.utils.urls import replace_query_param

NOWHERE = "Not found"
WORDS = {"POST": "Send", "PUT": "Replace", "PATCH": "Change", "DELETE": "Delete"}


class BrowsableRenderer(BrowsableAPIRenderer):
    """Shows the answer as text with links, and an editor for each request one may send."""

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what rest_framework/api.html names in its first comment."""
        view, request = renderer_context["view"], renderer_context["request"]
        response = renderer_context["response"]
        renderer: Any = self.get_default_renderer(view)
        content = self.get_content(renderer, data, accepted_media_type, renderer_context)
        headers = {**dict(sorted(response.items())), "Content-Type": "application/json"}
        pages = self.pages(data)
        return {
            "title": self.get_name(view),
            "description": self.get_description(view, response.status_code),
            "crumbs": self.crumbs(request),
            "request": request,
            "response": response,
            "status_class": f"{response.status_code // 100}",
            "response_headers": headers,
            "content": content,
            "allowed_methods": view.allowed_methods,
            "raw_url": replace_query_param(request.get_full_path(), "format", "json"),
            "editors": self.editors(data, view, request, response),
            "links": self.links(view, response),
            "pages": pages,
            "orderings": view.ordering_fields if pages else (),
        }

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> str:
        """Render the page; a stranger is asked to sign in instead."""
        if renderer_context["response"].status_code == 401:
            self.template = "rest_framework/sign_in.html"
        return super().render(data, accepted_media_type, renderer_context)

    def crumbs(self, request: Request) -> list[dict[str, str]]:
        """Return the addresses above this one, and this one."""
        found = [(label, url) for label, url in self.get_breadcrumbs(request) if label != NOWHERE]
        return [{"label": label, "url": url} for label, url in found] if len(found) > 1 else []

    def pages(self, data: Any) -> dict[str, Any]:
        """Return how many rows there are and the pages beside this one, of a list."""
        if not isinstance(data, dict) or "results" not in data:
            return {}
        return {name: data[name] for name in ("count", "next", "previous")}

    def links(self, view: Any, response: Any) -> dict[str, str]:
        """Return the actions of the object at their addresses."""
        if response.status_code >= 400 or not hasattr(view, "get_extra_action_url_map"):
            return {}
        return view.get_extra_action_url_map() or {}

    def editors(self, data: Any, view: Any, request: Request, response: Any) -> list[Any]:
        """Return an editor for each method that this person may use here."""
        if response.status_code >= 400 and response.status_code != 405:
            return []
        methods = [m for m in WORDS if m in view.allowed_methods and m != "PUT"]
        return [e for m in methods if (e := self.editor(data, view, m, request)) is not None]

    def editor(self, data: Any, view: Any, method: str, request: Request) -> dict[str, Any] | None:
        """Return the body to start from, or None when it is not permitted."""
        obj = _object_of(data, view)
        with override_method(view, request, method):
            try:
                if (view.detail and obj is None) or not view.permits(obj):
                    return None
                serializer = view.get_serializer(obj) if method != "DELETE" else None
            except (APIException, AttributeError):
                return None
        body = _starting_body(serializer, method) if serializer is not None else None
        return {
            "method": method,
            "title": _title(view, method),
            "label": WORDS[method],
            "rows": min(len(body) + 2, 16) if body else 2,
            "is_dangerous": method == "DELETE",
            "body": json.dumps(body, indent=2, ensure_ascii=False) if body else "",
        }


def _title(view: Any, method: str) -> str:
    noun = view.queryset.model._meta.verbose_name
    if method == "POST":
        return f"Add {noun}" if not view.detail else f"{view.get_view_name()}"
    return f"{WORDS[method]} {noun}"


def _object_of(data: Any, view: Any) -> Model | None:
    serializer = getattr(data, "serializer", None)
    if serializer is not None and not isinstance(serializer, ListSerializer):
        instance = serializer.instance
        if isinstance(instance, Model):
            return instance
    if not getattr(view, "detail", False):
        return None
    try:
        return view.get_queryset().filter(uid=view.kwargs["uid"]).first()
    except (APIException, Http404, AttributeError):
        return None


def _starting_body(serializer: Any, method: str) -> dict[str, Any]:
    fixed = serializer.fixed_fields() if hasattr(serializer, "fixed_fields") else ()
    shown = serializer.data if method == "PATCH" else {}
    body = {}
    for name, field in serializer.fields.items():
        if field.read_only or (method == "PATCH" and (name in fixed or field.write_only)):
            continue
        value = shown[name] if name in shown else _blank(serializer, name, field)
        if value is not empty:
            body[name] = value
    return body


def _blank(serializer: Any, name: str, field: Any) -> Any:
    """Return a value to start from that may be sent as it is, or `empty` to leave it out."""
    if isinstance(field, RelatedField):
        return None if field.allow_null or field.required else empty
    if field.default is not empty:
        return field.default
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    try:
        return model._meta.get_field(field.source).get_default()  # type: ignore[union-attr]
    except (AttributeError, FieldDoesNotExist):
        return ""
