"""REST of sources, builds and artifacts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from accounts.api.sharing import SHARING, SharingMixin
from builds.api.serializers import (
    ArtifactSerializer,
    BuildLogQuerySerializer,
    BuildLogSerializer,
    BuildSerializer,
    BuildStartSerializer,
    SourceSerializer,
    SourceTestSerializer,
)
from builds.filters import ArtifactFilterSet, BuildFilterSet, SourceFilterSet
from builds.models import Artifact, Build, Source
from builds.selectors import build_log_lines
from builds.services import (
    build_cancel,
    build_delete,
    build_start,
    source_create,
    source_delete,
    source_test,
    source_update,
)
from builds.services.downloads import artifact_download
from core.api.viewsets import CreateMixin, DestroyMixin, ReadOnlyViewSet
from core.scoping import is_allowed


class SourceViewSet(SharingMixin, OwnedViewSet):
    """Git repositories that firmware is built from."""

    queryset = Source.objects.select_related("organization", "deploy_key")
    serializer_class = SourceSerializer
    filterset_class = SourceFilterSet
    ordering_fields = ("alias", "created_at", "checked_at")
    action_permissions = {**SHARING, "test": "change"}
    action_serializers = {"test": SourceTestSerializer}

    def service_create(self, data: dict[str, Any]) -> Source:
        return source_create(self.actor, **data)

    def service_update(self, obj: Source, data: dict[str, Any]) -> Source:
        return source_update(self.actor, source=obj, **data)

    def service_destroy(self, obj: Source) -> None:
        source_delete(self.actor, source=obj)

    @extend_schema(request=SourceTestSerializer, responses=SourceSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uid: Any) -> Response:
        """Test the access now, up to a minute; `check_code` and `check_message` say the result.

        The first test pins the host key. The names in the repository and its platform are found.
        """
        source = self.get_object()
        return Response(self.represent(source_test(self.actor, source=source, **self.valid_data())))


class BuildViewSet(SharingMixin, CreateMixin, DestroyMixin, ReadOnlyViewSet):
    """Builds of firmware. Newest first."""

    queryset = Build.objects.select_related("organization", "source", "device", "created_by").defer(
        "source__refs", "source__known_hosts", "source__access_token"
    )
    serializer_class = BuildSerializer
    filterset_class = BuildFilterSet
    ordering_fields = ("created_at", "finished_at", "number", "status")
    action_permissions = {**SHARING, "log": "view", "cancel": "cancel"}
    action_serializers = {"create": BuildStartSerializer}

    @extend_schema(
        summary="Start one build", request=BuildStartSerializer, responses={201: BuildSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a build; it waits in the queue at first. 409 says why none can start now."""
        return super().create(request, *args, **kwargs)

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for the right to build for this device; the service asks for that of the source."""
        if data["device"] is not None and not is_allowed(data["device"], self.actor, "build"):
            raise PermissionDenied
        return data

    def service_create(self, data: dict[str, Any]) -> Build:
        return build_start(self.actor, **data)

    def service_destroy(self, obj: Build) -> None:
        build_delete(self.actor, build=obj)

    @extend_schema(
        summary="Read the log of one build",
        parameters=[BuildLogQuerySerializer],
        responses=BuildLogSerializer,
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def log(self, request: Request, uid: Any) -> Response:
        """Return lines of the log, from the one after `after` on."""
        build = self.get_object()
        query = BuildLogQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        lines = build_log_lines(build, **query.validated_data)
        last = lines[-1].seq if lines else query.validated_data["after"]
        answer = {
            "lines": lines,
            "last": last,
            "status": build.status,
            "is_final": build.is_final,
        }
        return Response(BuildLogSerializer(answer).data)

    @extend_schema(request=None, responses=BuildSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uid: Any) -> Response:
        """Stop a build that is not publishing yet; 409 says why it cannot be."""
        return Response(self.represent(build_cancel(self.actor, build=self.get_object())))


class ArtifactViewSet(SharingMixin, ReadOnlyViewSet):
    """Files that builds made, with their hashes and the signature of this installation."""

    queryset = Artifact.objects.select_related("organization", "build__source").defer(
        "build__source__refs", "build__source__known_hosts", "build__source__access_token"
    )
    serializer_class = ArtifactSerializer
    filterset_class = ArtifactFilterSet
    ordering_fields = ("created_at", "name", "size")
    action_permissions = {**SHARING, "download": "view"}

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)}
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def download(self, request: Request, uid: Any) -> FileResponse:
        """Return the file itself; 410 when the store has it no longer. Audited."""
        artifact = self.get_object()
        return FileResponse(
            artifact_download(self.actor, artifact=artifact),
            as_attachment=True,
            filename=artifact.name,
            content_type="application/octet-stream",
            headers={
                "X-MD5": artifact.md5,
                "X-SHA256": artifact.sha256,
                "X-Signature": artifact.signature,
            },
        )
