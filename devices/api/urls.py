"""REST addresses of devices."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from devices.api.viewsets import DeviceViewSet, MeshViewSet
from devices.releases.api.viewsets import ReleasedDeviceViewSet
from devices.transformers.api.viewsets import TransformerViewSet

router = SimpleRouter(use_regex_path=False)
router.register("transformers", TransformerViewSet, basename="statustransformer")
router.register("devices", DeviceViewSet, basename="device")
router.register("released-devices", ReleasedDeviceViewSet, basename="releaseddevice")
router.register("meshes", MeshViewSet, basename="mesh")

urlpatterns = router.urls
