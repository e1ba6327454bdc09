"""The base of every viewset: each action names the permission it needs, or answers 405."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.text import capfirst
from rest_framework import exceptions, mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.permissions import actor_of, require_recent
from core.scoping import get_allowed, is_allowed, may_somewhere
from core.views.base import heading, noun

# DRF looks only at whether it is 0; how much there may be is the parser's business.
NOT_EMPTY = "1"
DEFAULT_ACTIONS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
    "metadata": "view",
}


class ScopedViewSet(viewsets.GenericViewSet):
    """Rows start at `allowed(actor, action)`; writes call the same services as the pages.

    `action_permissions` adds or replaces entries of the usual ones (create → add, …). An action
    that is not named there is answered 405. `action_serializers` names the serializer of a
    body where it is not the one of the answers. `sudo_actions` want a browser session that
    proved lately who sits there; an API key is proof itself.
    """

    queryset: Any
    lookup_field = "uid"
    lookup_value_converter = "uuid"
    action_permissions: ClassVar[dict[str, str]] = {}
    action_serializers: ClassVar[dict[str, Any]] = {}
    ordering_fields: ClassVar[tuple[str, ...]] = ()
    sudo_actions: ClassVar[frozenset[str]] = frozenset()

    @property
    def actor(self) -> Any:
        """Return who is asking; a property, since DRF copies requests for OPTIONS and forms."""
        return actor_of(self.request)

    @property
    def required_action(self) -> str:
        """Return the permission that this request needs; unknown means 405."""
        known = {**DEFAULT_ACTIONS, **self.action_permissions}
        if self.action not in known:
            raise exceptions.MethodNotAllowed(self.request.method or "")
        return known[self.action]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Let chunked bodies in: DRF takes a request without Content-Length for an empty one."""
        is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        if is_chunked and not request.META.get("CONTENT_LENGTH"):
            request.META["CONTENT_LENGTH"] = NOT_EMPTY
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Refuse unnamed actions before anything runs, after asking who is there."""
        super().initial(request, *args, **kwargs)
        self.required_action  # noqa: B018
        if self.action in self.sudo_actions:
            require_recent(self.actor)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep answers out of every cache: some hold what is shown once."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def get_queryset(self) -> Any:
        """Return the rows that the actor may view; the schema generator gets none."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.all().allowed(self.actor, "view")

    def get_object(self) -> Any:
        """Return the row, 404 when it may not be viewed, 403 when it may only be viewed."""
        uid = self.kwargs[self.lookup_field]
        return get_allowed(self.queryset.all(), self.actor, self.required_action, uid=uid)

    def get_serializer_class(self) -> Any:
        """Return the serializer of this action's body."""
        return self.action_serializers.get(self.action, self.serializer_class)

    def get_serializer_context(self) -> dict[str, Any]:
        """Hand the actor to the serializers."""
        context = super().get_serializer_context()
        fake = getattr(self, "swagger_fake_view", False)
        return {**context, "actor": None if fake else self.actor}

    def get_view_name(self) -> str:
        """Return the name of the action, of the object's kind, or of the list."""
        if self.name:
            return self.name
        model = self.queryset.model
        return heading(model) if not self.detail else capfirst(noun(model))

    def represent(self, obj: Any) -> Any:
        """Return the object as every answer shows it."""
        return self.serializer_class(obj, context=self.get_serializer_context()).data

    def valid_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the checked body; 400 with the faults otherwise."""
        serializer = self.get_serializer(data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def permits(self, obj: models.Model | None) -> bool:
        """Tell whether this action may be tried on the object, or on any at all."""
        if obj is None:
            return may_somewhere(self.actor, self.queryset.model, self.required_action)
        return is_allowed(obj, self.actor, self.required_action)

    def must_stay_allowed(self, obj: models.Model) -> None:
        """Raise PermissionDenied, and so roll back, when the saved row left the actor's reach."""
        if not is_allowed(obj, self.actor, self.required_action):
            raise PermissionDenied


class ListMixin(mixins.ListModelMixin):
    """GET of the list: paged, filtered, ordered."""


class RetrieveMixin(mixins.RetrieveModelMixin):
    """GET of one object."""


class CreateMixin:
    """POST to the list: `service_create` calls a service and returns the object."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Create inside one transaction and check that the row is within reach."""
        if not self.permits(None):  # type: ignore[attr-defined]
            raise PermissionDenied
        data = self.placed(self.valid_data())  # type: ignore[attr-defined]
        with transaction.atomic():
            obj = self.service_create(data)
            self.must_stay_allowed(obj)  # type: ignore[attr-defined]
        shown = self.represent(obj)  # type: ignore[attr-defined]
        return Response(shown, status=201, headers={"Location": shown["href"]})

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the data with its organization; raises when that may not be added to."""
        return data

    def service_create(self, data: dict[str, Any]) -> Any:
        """Call the service that creates the object."""
        raise TypeError(f"{type(self).__name__} does not say which service creates")


class UpdateMixin:
    """PUT and PATCH: `service_update` calls a service and returns the object."""

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change inside one transaction and check that the row is still within reach."""
        obj = self.get_object()  # type: ignore[attr-defined]
        serializer = self.get_serializer(  # type: ignore[attr-defined]
            obj, data=request.data, partial=kwargs.get("partial", False)
        )
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            changed = self.service_update(obj, serializer.validated_data)
            self.must_stay_allowed(changed)  # type: ignore[attr-defined]
        return Response(self.represent(changed))  # type: ignore[attr-defined]

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change only the fields given."""
        return self.update(request, *args, **{**kwargs, "partial": True})

    def service_update(self, obj: Any, data: dict[str, Any]) -> Any:
        """Call the service that changes the object."""
        raise TypeError(f"{type(self).__name__} does not say which service changes")


class DestroyMixin:
    """DELETE: `service_destroy` calls a service."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the object; nothing to say afterwards."""
        self.service_destroy(self.get_object())  # type: ignore[attr-defined]
        return Response(status=204)

    def service_destroy(self, obj: Any) -> None:
        """Call the service that deletes the object."""
        raise TypeError(f"{type(self).__name__} does not say which service deletes")


class ReadOnlyViewSet(ListMixin, RetrieveMixin, ScopedViewSet):
    """Rows that only services write."""


class ModelViewSet(ListMixin, RetrieveMixin, CreateMixin, UpdateMixin, DestroyMixin, ScopedViewSet):
    """Rows that the API creates, changes and deletes through services."""
