"""REST addresses of devices."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from devices.api.viewsets import DeviceViewSet, MeshViewSet

router = SimpleRouter(use_regex_path=False)
router.register("devices", DeviceViewSet, basename="device")
router.register("meshes", MeshViewSet, basename="mesh")

urlpatterns = router.urls
