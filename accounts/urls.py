"""URLs of people and organizations."""

from __future__ import annotations

from django.urls import include, path

from accounts import views
from accounts.models import Organization
from core.views import get_model_urls

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", views.SignOutView.as_view(), name="sign_out"),
    path("password/", views.PasswordChangeView.as_view(), name="password_change"),
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("first-operator/<str:token>/", views.FirstOperatorView.as_view(), name="first_operator"),
    path("organizations/", include(get_model_urls(Organization))),
]
