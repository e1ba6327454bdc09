"""URLs of people and organizations."""

from __future__ import annotations

from django.urls import include, path

from accounts.identity.own_urls import urlpatterns as first_factor_urls
from accounts.list_urls import urlpatterns as list_urls
from accounts.organization_urls import urlpatterns as organization_urls
from accounts.profile_urls import urlpatterns as profile_urls
from accounts.second_factor.urls import urlpatterns as second_factor_urls
from accounts.sharing_urls import urlpatterns as sharing_urls
from accounts.support_urls import urlpatterns as support_urls

app_name = "accounts"
urlpatterns = [
    path("", include(organization_urls)),
    path("", include(first_factor_urls)),
    path("", include(profile_urls)),
    path("", include(list_urls)),
    path("", include(second_factor_urls)),
    path("", include(sharing_urls)),
    path("", include(support_urls)),
]
