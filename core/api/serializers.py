"""The base of every serializer: uids instead of primary keys, nothing unknown, nothing moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.fields import Sealed

UNKNOWN = "There is no such field."
FIXED = "This cannot change once the object exists."


class UidRelatedField(serializers.SlugRelatedField):
    """Another object by its uid, as text. What the actor may not view does not exist."""

    default_error_messages = {"not_found": "There is no such object, or you may not see it."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"slug_field": "uid", **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        """Return the object."""
        try:
            rows: Any = self.get_queryset()
            return rows.get(uid=data if isinstance(data, str) else "")
        except (ObjectDoesNotExist, ValidationError):
            self.fail("not_found")

    def to_representation(self, obj: Any) -> str:
        """Return the uid."""
        return f"{obj.uid}"


@extend_schema_field(OpenApiTypes.URI)
class HrefField(serializers.Field):
    """The address of the object itself, or of one of its actions."""

    def __init__(self, view_name: str, **kwargs: Any) -> None:
        self.view_name = view_name
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, obj: Any) -> str:
        """Return the whole address."""
        path = reverse(self.view_name, kwargs={"uid": obj.uid})
        return self.context["request"].build_absolute_uri(path)


class SealedField(serializers.CharField):
    """An encrypted text that may be shown; always combine it with a rule that says when."""

    def to_representation(self, value: Any) -> str:
        """Return the plain text."""
        if isinstance(value, Sealed):
            return value.reveal() if value else ""
        return f"{value or ''}"


class ScopedSerializerMixin:
    """Narrows relations to what the actor may view, and refuses fields it does not know.

    `Meta.fixed` names the fields that are set when the object is made and never after.
    """

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return the fields; relations find what `allowed()` lets through, in writes only."""
        fields: dict[str, serializers.Field] = super().get_fields()  # type: ignore[misc]
        actor = self.context.get("actor")  # type: ignore[attr-defined]
        for field in fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is None:
                continue
            if actor is None or not hasattr(self.root, "initial_data"):  # type: ignore[attr-defined]
                field.queryset = queryset.none()  # type: ignore[attr-defined]
            elif hasattr(queryset, "allowed"):
                field.queryset = queryset.allowed(actor, "view")  # type: ignore[attr-defined]
        if self._is_change():
            for name in self.fixed_fields():
                fields[name].required, fields[name].default = False, serializers.empty
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Check names before values, and drop what is fixed but unchanged."""
        if isinstance(data, Mapping):
            faults = {name[:80]: [UNKNOWN] for name in data if name not in self.fields}  # type: ignore[attr-defined]
            if faults:
                raise serializers.ValidationError(faults)
        values = super().to_internal_value(data)  # type: ignore[misc]
        return self._without_fixed(values) if self._is_change() else values

    def fixed_fields(self) -> tuple[str, ...]:
        """Return the names of the fields that cannot change."""
        return getattr(getattr(self, "Meta", None), "fixed", ())

    def _is_change(self) -> bool:
        return getattr(self, "instance", None) is not None and not hasattr(self.instance, "model")  # type: ignore[attr-defined]

    def _without_fixed(self, values: dict[str, Any]) -> dict[str, Any]:
        faults = {
            name: [FIXED]
            for name in self.fixed_fields()
            if name in values and values[name] != getattr(self.instance, name)  # type: ignore[attr-defined]
        }
        if faults:
            raise serializers.ValidationError(faults)
        return {k: v for k, v in values.items() if k not in self.fixed_fields()}


class ScopedSerializer(ScopedSerializerMixin, serializers.Serializer):
    """A serializer without a model, for the bodies of actions."""


class ScopedModelSerializer(ScopedSerializerMixin, serializers.ModelSerializer):
    """A model serializer whose relations speak uid and stay inside what the actor may view.

    Uniqueness is checked by the services (full_clean) and the database, not twice.
    """

    serializer_related_field = UidRelatedField

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        """Relate by uid, never by primary key."""
        _, kwargs = super().build_relational_field(field_name, relation_info)
        kwargs.pop("view_name", None)
        return UidRelatedField, kwargs

    def get_validators(self) -> list[Any]:
        """Leave uniqueness to the services."""
        return []

    def get_uniqueness_extra_kwargs(
        self, field_names: Any, declared_fields: Any, extra_kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Leave the fields of unique constraints as they are."""
        return extra_kwargs, {}
