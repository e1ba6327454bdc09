"""URLs of people and organizations."""

from __future__ import annotations

from django.urls import include, path

from accounts.models import Organization
from accounts.second_factor.urls import urlpatterns as second_factor_urls
from accounts.views import profile, sign_in
from core.views import get_model_urls

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="sign_out"),
    path("password/", profile.PasswordChangeView.as_view(), name="password_change"),
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path(
        "first-operator/<str:token>/",
        sign_in.FirstOperatorView.as_view(),
        name="first_operator",
    ),
    path("organizations/", include(get_model_urls(Organization))),
    path("", include(second_factor_urls)),
]
