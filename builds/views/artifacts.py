"""Console pages of artifacts: the list and the download."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest
from django.views.generic import View

from builds.filters import ArtifactFilterSet
from builds.models import Artifact
from builds.services.downloads import artifact_download
from builds.tables import ArtifactTable
from core.views import EmptyState, ObjectListView, ScopedViewMixin, register_model_view


@register_model_view(Artifact, "list", detail=False)
class ArtifactListView(ObjectListView):
    """Every file that a build made."""

    queryset = Artifact.objects.select_related("build__source", "build__device")
    filterset_class = ArtifactFilterSet
    table_class = ArtifactTable
    saved_views = (("All", ""), ("Firmware", "is_firmware=true"))
    empty = EmptyState(
        "No artifacts yet",
        "Each build that succeeds leaves its files here, hashed and signed.",
        icon="package",
    )


@register_model_view(Artifact, "download")
class ArtifactDownloadView(ScopedViewMixin, View):
    """Hands out the file, with the hashes that the build took."""

    queryset = Artifact.objects.select_related("organization", "build__source")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        """Return the file."""
        artifact = self.get_one("view")
        response = FileResponse(
            artifact_download(self.actor, artifact=artifact),
            as_attachment=True,
            filename=artifact.name,
            content_type="application/octet-stream",
        )
        response.headers["Content-Length"] = f"{artifact.size}"
        response.headers["X-MD5"] = artifact.md5
        response.headers["X-SHA256"] = artifact.sha256
        response.headers["X-Signature"] = artifact.signature
        return response
