"""REST addresses of people and organizations."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api.support import UserViewSet
from accounts.api.viewsets import OrganizationViewSet, WhoAmIView

router = SimpleRouter(use_regex_path=False)
router.register("organizations", OrganizationViewSet, basename="organization")
router.register("users", UserViewSet, basename="user")

urlpatterns = [path("whoami/", WhoAmIView.as_view(), name="whoami"), *router.urls]
