"""REST addresses of people and organizations."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.api import account
from accounts.api.lists import SavedViewViewSet
from accounts.api.members import (
    CustomRoleViewSet,
    InvitationViewSet,
    MembershipViewSet,
    UserGroupViewSet,
)
from accounts.api.organizations import OrganizationViewSet
from accounts.api.second_factor import FactorDetailView, FactorListView
from accounts.api.support import UserViewSet
from accounts.api.viewsets import WhoAmIView

router = SimpleRouter(use_regex_path=False)
router.register("organizations", OrganizationViewSet, basename="organization")
router.register("memberships", MembershipViewSet, basename="membership")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("roles", CustomRoleViewSet, basename="customrole")
router.register("groups", UserGroupViewSet, basename="usergroup")
router.register("saved-views", SavedViewViewSet, basename="savedview")
router.register("users", UserViewSet, basename="user")

urlpatterns = [
    path("whoami/", WhoAmIView.as_view(), name="whoami"),
    path("account/", account.AccountView.as_view(), name="account"),
    path("account/picture/", account.AccountPictureView.as_view(), name="account-picture"),
    path("account/export/", account.AccountExportView.as_view(), name="account-export"),
    path(
        "account/notifications/",
        account.AccountNotificationsView.as_view(),
        name="account-notifications",
    ),
    path("sign-ins/", account.SignInListView.as_view(), name="signin-list"),
    path("sign-ins/end-others/", account.SignInEndOthersView.as_view(), name="signin-end-others"),
    path("sign-ins/<uuid:uid>/", account.SignInDetailView.as_view(), name="signin-detail"),
    path("second-factors/", FactorListView.as_view(), name="factor-list"),
    path("second-factors/<uuid:uid>/", FactorDetailView.as_view(), name="factor-detail"),
    *router.urls,
]
