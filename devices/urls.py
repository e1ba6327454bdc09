"""URLs of devices; the views register themselves."""

from __future__ import annotations

from django.urls import include, path

from core.views import get_model_urls
from devices import mesh_views, message_views, views  # noqa: F401  (register)
from devices.models import Device, Mesh
from devices.releases import views as release_views  # noqa: F401  (registers)
from devices.releases.models import ReleasedDevice
from devices.transformers import views as transformer_views  # noqa: F401  (registers)
from devices.transformers.models import StatusTransformer

app_name = "devices"
urlpatterns = [
    path("devices/", include(get_model_urls(Device))),
    path("released-devices/", include(get_model_urls(ReleasedDevice))),
    path("meshes/", include(get_model_urls(Mesh))),
    path("transformers/", include(get_model_urls(StatusTransformer))),
]
