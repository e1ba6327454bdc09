"""REST addresses of devices."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from devices.api.viewsets import DeviceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("devices", DeviceViewSet, basename="device")

urlpatterns = router.urls
