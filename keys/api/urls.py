"""REST addresses of keys and variables."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from keys.api.viewsets import ApiKeyViewSet, DeployKeyViewSet, EnvVarViewSet

router = SimpleRouter(use_regex_path=False)
router.register("api-keys", ApiKeyViewSet, basename="apikey")
router.register("deploy-keys", DeployKeyViewSet, basename="deploykey")
router.register("env-vars", EnvVarViewSet, basename="envvar")

urlpatterns = router.urls
