"""The root of the API, its explorer, and what answers at no address."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.generic import View
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from core.api.renderers import NOWHERE
from core.views.base import ScopedViewMixin


class ApiRootView(APIView):
    """Everything that the pages of the console do, over HTTP.

    Here your session signs the requests. A script sends an API key, as X-API-Key or as
    Authorization: Bearer.
    """

    name = "API"
    resources: ClassVar[dict[str, str]] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the address of each resource."""
        return Response(
            {name: reverse(f"api:{url}", request=request) for name, url in self.resources.items()}
        )


class NotFoundView(APIView):
    """Answers every other address below the API, in the shape of all its errors."""

    name = NOWHERE
    permission_classes = [AllowAny]
    schema = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send addresses without their last slash there, keeping method and body."""
        with_slash = f"{request.path_info}/"
        if not request.path_info.endswith("/") and _leads_somewhere(with_slash):
            query = request.META.get("QUERY_STRING", "")
            location = f"{request.path}/{'?' + query if query else ''}"
            return HttpResponse(status=308, headers={"Location": location})
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("There is nothing at this address.")


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, as YAML or with `?format=json`; made once per process."""

    def _get_schema_response(self, request: Request) -> Response:
        return Response(_schema(), headers={"Content-Disposition": 'inline; filename="openapi"'})


class ExplorerView(ScopedViewMixin, View):
    """Swagger UI over the schema, from our own server."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        return render(request, "rest_framework/explorer.html", {"title": "API explorer"})


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def _leads_somewhere(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return match.func.view_class is not NotFoundView if hasattr(match.func, "view_class") else True
