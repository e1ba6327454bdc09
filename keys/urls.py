"""URLs of API keys, deploy keys and environment variables."""

from __future__ import annotations

from django.urls import include, path

from core.views import get_model_urls
from keys import views  # noqa: F401  registers the views
from keys.models import ApiKey, DeployKey, EnvVar

app_name = "keys"
urlpatterns = [
    path("api-keys/", include(get_model_urls(ApiKey))),
    path("deploy-keys/", include(get_model_urls(DeployKey))),
    path("environment/", include(get_model_urls(EnvVar))),
]
