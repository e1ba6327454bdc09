"""URLs of people and organizations."""

from __future__ import annotations

from django.urls import include, path

from accounts.models import Organization
from accounts.profile_urls import urlpatterns as profile_urls
from accounts.second_factor.urls import urlpatterns as second_factor_urls
from accounts.support_urls import urlpatterns as support_urls
from accounts.views import sign_in
from core.views import get_model_urls

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign_out"),
    path(
        "first-operator/<str:token>/",
        sign_in.FirstOperatorView.as_view(),
        name="first_operator",
    ),
    path("organizations/", include(get_model_urls(Organization))),
    path("", include(profile_urls)),
    path("", include(second_factor_urls)),
    path("", include(support_urls)),
]
