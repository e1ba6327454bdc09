"""REST of API keys, deploy keys and environment variables."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from accounts.api.sharing import SHARING, SharingMixin
from core.exceptions import Conflict
from keys.api.serializers import (
    ApiKeyCreatedSerializer,
    ApiKeySerializer,
    DeployKeySerializer,
    EnvVarSerializer,
)
from keys.filters import ApiKeyFilterSet, DeployKeyFilterSet, EnvVarFilterSet
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import (
    api_key_create,
    api_key_revoke,
    api_key_update,
    deploy_key_create,
    deploy_key_delete,
    deploy_key_rename,
    env_var_delete,
    env_var_set,
)


class ApiKeyViewSet(SharingMixin, OwnedViewSet):
    """Keys that devices and scripts present. A revoked key stays in the list."""

    queryset = ApiKey.objects.select_related("organization", "device")
    serializer_class = ApiKeySerializer
    filterset_class = ApiKeyFilterSet
    ordering_fields = ("alias", "created_at", "expires_at", "last_used_at")
    action_permissions = {**SHARING, "revoke": "delete"}
    sudo_actions = frozenset({"create", "update", "partial_update", "destroy", "revoke"})

    def get_serializer_context(self) -> dict[str, Any]:
        """Add when the key that asks ends: it can neither live longer nor make one that does."""
        key = getattr(getattr(self.request, "auth", None), "key", None)
        limit = key.expires_at if key is not None else None
        return {**super().get_serializer_context(), "expires_by": limit}

    @extend_schema(responses={201: ApiKeyCreatedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key. The answer holds it in `key`, this once."""
        return super().create(request, *args, **kwargs)

    def service_create(self, data: dict[str, Any]) -> ApiKey:
        data.setdefault("expires_at", self.get_serializer_context()["expires_by"])
        key, secret = api_key_create(self.actor, **data)
        key.shown_once = secret  # type: ignore[attr-defined]
        return key

    def represent(self, obj: ApiKey) -> Any:
        """Show the key itself right after it was made, and never else."""
        made = hasattr(obj, "shown_once")
        shown = ApiKeyCreatedSerializer if made else self.serializer_class
        return shown(obj, context=self.get_serializer_context()).data

    def service_update(self, obj: ApiKey, data: dict[str, Any]) -> ApiKey:
        kept = {"alias": obj.alias, "expires_at": obj.expires_at}
        return api_key_update(self.actor, key=obj, **{**kept, **data})

    @extend_schema(
        summary="Revoke one API key", description="Revoke a key for good, as `revoke` does."
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Revoke; the row stays, so that the record does."""
        return super().destroy(request, *args, **kwargs)

    def service_destroy(self, obj: ApiKey) -> None:
        api_key_revoke(self.actor, key=obj)

    @extend_schema(request=None, responses=ApiKeySerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, uid: Any) -> Response:
        """Revoke a key for good; from the next request on it opens nothing."""
        return Response(self.represent(api_key_revoke(self.actor, key=self.get_object())))


class DeployKeyViewSet(SharingMixin, OwnedViewSet):
    """SSH key pairs that open private repositories."""

    queryset = DeployKey.objects.select_related("organization").defer("private_key")
    serializer_class = DeployKeySerializer
    filterset_class = DeployKeyFilterSet
    ordering_fields = ("alias", "created_at", "last_used_at")
    action_permissions = SHARING
    sudo_actions = frozenset({"create", "destroy"})

    def service_create(self, data: dict[str, Any]) -> DeployKey:
        return deploy_key_create(self.actor, **data)

    def service_update(self, obj: DeployKey, data: dict[str, Any]) -> DeployKey:
        return deploy_key_rename(self.actor, key=obj, alias=data.get("alias", obj.alias))

    def service_destroy(self, obj: DeployKey) -> None:
        deploy_key_delete(self.actor, key=obj)


class EnvVarViewSet(SharingMixin, OwnedViewSet):
    """Variables that firmware is built with. The nearest wins: device, mesh, source,
    organization.
    """

    queryset = EnvVar.objects.select_related(
        "organization", "source", "mesh", "device", "updated_by"
    )
    serializer_class = EnvVarSerializer
    filterset_class = EnvVarFilterSet
    ordering_fields = ("name", "updated_at")
    action_permissions = SHARING

    def organization_for(self, data: dict[str, Any]) -> Any:
        """Put a variable of a source, mesh or device where that is."""
        owner = data.get("device") or data.get("mesh") or data.get("source")
        if owner is not None and "organization" not in data:
            return owner.organization
        return super().organization_for(data)

    def service_create(self, data: dict[str, Any]) -> EnvVar:
        level = ("organization", "source", "mesh", "device", "name")
        place = {name: data.get(name) for name in level}
        if EnvVar.objects.filter(**place).exists():
            raise Conflict(
                "keys.variable_exists",
                f"{data['name']} is set there already. Change it instead.",
                fields={"name": ["This name is set there already."]},
            )
        return env_var_set(self.actor, **data)

    def service_update(self, obj: EnvVar, data: dict[str, Any]) -> EnvVar:
        value = data["value"] if "value" in data else _current(obj)
        return env_var_set(
            self.actor,
            organization=obj.organization,
            source=obj.source,
            mesh=obj.mesh,
            device=obj.device,
            name=obj.name,
            value=value,
            is_secret=data.get("is_secret", obj.is_secret),
        )

    def service_destroy(self, obj: EnvVar) -> None:
        env_var_delete(self.actor, variable=obj)


def _current(variable: EnvVar) -> str:
    value: Any = variable.value
    return value.reveal() if value else ""
