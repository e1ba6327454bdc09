"""URLs of devices; the views register themselves."""

from __future__ import annotations

from core.views import get_model_urls
from devices import views  # noqa: F401  (registers)
from devices.models import Device

app_name = "devices"
urlpatterns = get_model_urls(Device)
