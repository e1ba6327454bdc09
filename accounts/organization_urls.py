"""URLs of organizations, members, invitations, roles and groups."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from accounts.views import groups, invitations, members, organizations, roles  # noqa: F401
from core.views import get_model_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("organizations/", include(get_model_urls(Organization))),
    path("memberships/", include(get_model_urls(Membership))),
    path("invitations/", include(get_model_urls(Invitation))),
    path("roles/", include(get_model_urls(CustomRole))),
    path("groups/", include(get_model_urls(UserGroup))),
    path("invitation/", invitations.InvitationAnswerView.as_view(), name="invitation_answer"),
    path(
        "invitation/<str:token>/",
        invitations.InvitationOpenView.as_view(),
        name="invitation_open",
    ),
]
