"""Pages of organizations, and the switch in the header."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.generic import View

from accounts.filters import OrganizationFilterSet
from accounts.forms import OrganizationForm, OrganizationSwitchForm
from accounts.models import Membership, Organization
from accounts.selectors import SESSION_KEY
from accounts.services import organization_rename
from accounts.tables import MemberTable, OrganizationTable
from core.scoping import get_allowed
from core.views import (
    Action,
    Fact,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ScopedViewMixin,
    register_model_view,
)


@register_model_view(Organization, "list", detail=False)
class OrganizationListView(ObjectListView):
    """Every organization that the actor belongs to, directly or from above."""

    queryset = Organization.objects.annotate(members=Count("memberships"))
    filterset_class = OrganizationFilterSet
    table_class = OrganizationTable
    lead = "Everything belongs to an organization. Roles held on one cover those below it."
    is_live = False


@register_model_view(Organization)
class OrganizationView(ObjectTabView):
    """One organization with its members."""

    queryset = Organization.objects.all()
    table_class = MemberTable
    template_name = "accounts/organization.html"
    actions = (Action("Rename", "edit", permission="change", icon="edit"),)
    empty_title = "Nobody is a direct member"
    empty_text = "Its members hold their role on an organization above this one."

    def rows(self, obj: Organization) -> Any:
        members = Membership.objects.allowed(self.actor).filter(organization=obj)
        return members.select_related("user")

    def facts(self, obj: Organization) -> list[Fact]:
        return [
            Fact("Owner ID", obj.owner_id, mono=True, copy=True),
            Fact("Kind", "Personal" if obj.is_personal else "Shared"),
            Fact("Created", time=obj.created_at),
        ]


@register_model_view(Organization, "edit")
class OrganizationEditView(ObjectEditView):
    """Rename an organization."""

    queryset = Organization.objects.all()
    form_class = OrganizationForm

    def save(self, form: OrganizationForm, obj: Organization) -> Organization:
        return organization_rename(self.actor, organization=obj, name=form.cleaned_data["name"])


@register_model_view(Organization, "switch", detail=False)
class OrganizationSwitchView(ScopedViewMixin, View):
    """Narrow every page to one organization, or to none."""

    queryset = Organization.objects.all()
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember the choice in the session and go back to the list, or the dashboard."""
        form = OrganizationSwitchForm(request.POST)
        uid = form.cleaned_data["organization"] if form.is_valid() else None
        request.session.pop(SESSION_KEY, None)
        if uid is not None:
            chosen = get_allowed(self.queryset.all(), self.actor, "view", uid=uid)
            request.session[SESSION_KEY] = f"{chosen.uid}"
        return redirect(_list_behind(request))


def _list_behind(request: HttpRequest) -> str:
    """Return the page the request came from, unless that was one object's or a foreign page."""
    parts = urlsplit(request.headers.get("Referer", ""))
    try:
        match = resolve(parts.path)
    except Resolver404:
        return "dashboard"
    is_ours = parts.netloc == request.get_host()
    return parts.path if is_ours and not match.kwargs else "dashboard"
