"""REST addresses of sources, builds and artifacts."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from builds.api.viewsets import ArtifactViewSet, BuildViewSet, SourceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("sources", SourceViewSet, basename="source")
router.register("builds", BuildViewSet, basename="build")
router.register("artifacts", ArtifactViewSet, basename="artifact")

urlpatterns = router.urls
