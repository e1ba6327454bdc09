"""REST addresses of configuration pushes."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from fleet.api.viewsets import ConfigReceiptViewSet

router = SimpleRouter(use_regex_path=False)
router.register("config-pushes", ConfigReceiptViewSet, basename="configreceipt")

urlpatterns = router.urls
