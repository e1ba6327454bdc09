"""REST addresses of the workflows: a router each."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from fleet.pushes.api.viewsets import ConfigReceiptViewSet

router = SimpleRouter(use_regex_path=False)
router.register("config-pushes", ConfigReceiptViewSet, basename="configreceipt")

urlpatterns = router.urls
