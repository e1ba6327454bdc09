"""The base of every viewset: each action names the permission it needs, or answers 405."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.permissions import SAFE_METHODS

from core.api.permissions import actor_of
from core.scoping import get_allowed, is_allowed

DEFAULT_ACTIONS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
    "metadata": "view",
}


class ScopedSerializerMixin:
    """Narrows relation fields to what the actor may view."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return the fields, with every related queryset passed through `allowed()`."""
        fields: dict[str, serializers.Field] = super().get_fields()  # type: ignore[misc]
        actor = self.context.get("actor")  # type: ignore[attr-defined]
        for field in fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is None:
                continue
            if actor is None:
                field.queryset = queryset.none()  # type: ignore[attr-defined]
            elif hasattr(queryset, "allowed"):
                field.queryset = queryset.allowed(actor, "view")  # type: ignore[attr-defined]
        return fields


class ScopedModelSerializer(ScopedSerializerMixin, serializers.ModelSerializer):
    """A model serializer whose relations speak uid and stay inside what the actor may view."""

    serializer_related_field = serializers.SlugRelatedField

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        """Relate by uid, never by primary key."""
        _, kwargs = super().build_relational_field(field_name, relation_info)
        kwargs.pop("view_name", None)
        return serializers.SlugRelatedField, {**kwargs, "slug_field": "uid"}


class ScopedViewSet(viewsets.GenericViewSet):
    """Rows start at `allowed(actor, action)`; writes call the same services as the pages.

    `action_permissions` adds or replaces entries of the usual ones (create → add, …). An action
    that is not named there is answered 405.
    """

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    action_permissions: dict[str, str] = {}

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

    def get_queryset(self) -> Any:
        """Return the rows that the actor may view; the schema generator gets none."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.all().allowed(self.actor, "view")

    def get_object(self) -> Any:
        """Return the row, 404 when it may not be viewed, 403 when it may only be viewed."""
        uid = self.kwargs[self.lookup_field]
        return get_allowed(self.queryset.all(), self.actor, self.required_action, uid=uid)

    def get_serializer_context(self) -> dict[str, Any]:
        """Hand the actor to the serializers."""
        context = super().get_serializer_context()
        fake = getattr(self, "swagger_fake_view", False)
        return {**context, "actor": None if fake else self.actor}

    def must_stay_allowed(self, obj: models.Model) -> None:
        """Raise PermissionDenied, and so roll back, when the saved row left the actor's reach."""
        action = self.required_action
        if not is_allowed(obj, self.actor, action):
            raise exceptions.PermissionDenied()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Refuse unnamed actions before anything runs."""
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS or self.action is not None:
            self.required_action  # noqa: B018


class CreateMixin(mixins.CreateModelMixin):
    """POST to the list: `perform_create` calls a service and returns the object."""

    def create(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Create inside one transaction and check that the row is within reach."""
        serializer = self.get_serializer(data=request.data)  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            serializer.instance = self.service_create(serializer.validated_data)
            self.must_stay_allowed(serializer.instance)  # type: ignore[attr-defined]
        return viewsets.views.Response(serializer.data, status=201)

    def service_create(self, data: dict[str, Any]) -> models.Model:
        """Call the service that creates the object."""
        raise TypeError(f"{type(self).__name__} does not say which service creates")


class UpdateMixin(mixins.UpdateModelMixin):
    """PUT and PATCH: `service_update` calls a service and returns the object."""

    def update(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Change inside one transaction and check that the row is still within reach."""
        partial = kwargs.pop("partial", False)
        instance = self.get_object()  # type: ignore[attr-defined]
        serializer = self.get_serializer(instance, data=request.data, partial=partial)  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            serializer.instance = self.service_update(instance, serializer.validated_data)
            self.must_stay_allowed(serializer.instance)  # type: ignore[attr-defined]
        return viewsets.views.Response(serializer.data)

    def service_update(self, instance: Any, data: dict[str, Any]) -> models.Model:
        """Call the service that changes the object."""
        raise TypeError(f"{type(self).__name__} does not say which service changes")


class DestroyMixin(mixins.DestroyModelMixin):
    """DELETE: `perform_destroy` calls a service."""
