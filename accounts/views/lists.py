"""Laying out lists, and the views of them that people save."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from accounts.forms.lists import NewSavedViewForm, SavedViewForm
from accounts.models import Organization, SavedView
from accounts.selectors.people import own_organization
from accounts.services.lists import (
    list_arrange,
    saved_view_create,
    saved_view_delete,
    saved_view_edit,
)
from core.exceptions import DomainError
from core.views import (
    ObjectDeleteView,
    ObjectEditView,
    ScopedViewMixin,
    register_model_view,
)
from core.views.arranging import ARRANGING


class ListArrangeView(ScopedViewMixin, View):
    """Keeps `columns`, `layout` and `per_page` of a list, and goes back to it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep what was sent; `columns` counts only beside `choose`, for none ticked sends none."""
        said = request.POST
        wanted: dict[str, Any] = {}
        if "choose" in said:
            wanted["columns"] = said.getlist("columns")
        if "reset" in said:
            wanted = {"columns": [], "per_page": 0}
        if said.get("layout"):
            wanted["layout"] = said["layout"]
        if said.get("per_page", "").isdecimal() and "reset" not in said:
            wanted["per_page"] = int(said["per_page"][:4])
        list_name = said.get("list", "")
        try:
            list_arrange(self.actor, user=self.actor.user, list_name=list_name, **wanted)
        except DomainError as error:
            messages.error(request, error.message)
        return redirect(_back(request, list_name))


def _back(request: HttpRequest, list_name: str) -> str:
    """Return the page that sent the form, without what its URL said against what is kept now."""
    came = request.headers.get("Referer", "")
    host = {request.get_host()}
    try:
        address = reverse(list_name)
    except NoReverseMatch:
        return reverse("dashboard")
    parts = urlsplit(came)
    if not url_has_allowed_host_and_scheme(came, host) or parts.path != address:
        return address
    said = [(k, v) for k, v in parse_qsl(parts.query) if k not in {*ARRANGING, "page"}]
    return f"{address}?{urlencode(said)}" if said else address


class PlacesMixin:
    """Offers where a view may be kept: one's own, and the organizations at hand."""

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Return the places, the first values, and which place is one's own."""
        own = self.organization()
        places = places_for(self.request, own, obj)  # type: ignore[attr-defined]
        initial = {"organization": own.uid if own else None}
        if obj is not None:
            initial = {"organization": obj.organization.uid, "name": obj.name}
        else:
            initial |= {k: self.request.GET.get(k, "") for k in ("list_name", "query", "name")}  # type: ignore[attr-defined]
        return {"initial": initial, "places": places, "own": own}

    def organization(self) -> Organization | None:
        """Return one's own: whatever the role elsewhere, there one saves."""
        return own_organization(self.actor.user)  # type: ignore[attr-defined]

    def back_url(self, obj: Any) -> str:
        """Return the list."""
        name = obj.list_name if obj is not None else self.request.GET.get("list_name", "")  # type: ignore[attr-defined]
        try:
            return reverse(name)
        except NoReverseMatch:
            return reverse("dashboard")

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return nothing: the view has no page above it but the list."""
        return []


def places_for(request: Any, own: Any, view: SavedView | None) -> QuerySet[Organization]:
    """Return the organizations at hand whose views the person may add to, and the view's own."""
    near = [request.organization] if request.organization else list(request.organizations)
    keys = {place.pk for place in near if not place.is_personal}
    may_add = request.actor.organization_ids("accounts.add_savedview")
    places = Q(pk__in=keys)
    if not request.actor.is_unrestricted:
        places &= Q(pk__in=may_add)
    kept = {view.organization_id if view is not None else None, own.pk if own else None}
    return Organization.objects.filter(places | Q(pk__in=kept - {None})).order_by(
        "-is_personal", "name"
    )


@register_model_view(SavedView, "add", detail=False)
class SavedViewAddView(PlacesMixin, ObjectEditView):
    """Saves what a list shows."""

    queryset = SavedView.objects.all()
    form_class = NewSavedViewForm
    template_name = "accounts/savedview_edit.html"
    create_title = "Save this view"
    submit_label = "Save view"
    lead = "The filters, the order and the columns that the list shows now, as a tab above it."

    def save(self, form: Any, obj: Any) -> SavedView:
        """Call the service."""
        return saved_view_create(self.actor, **form.cleaned_data)


@register_model_view(SavedView, "edit")
class SavedViewEditView(PlacesMixin, ObjectEditView):
    """Renames a view, shares it or takes it back."""

    queryset = SavedView.objects.select_related("organization")
    form_class = SavedViewForm
    template_name = "accounts/savedview_edit.html"

    def save(self, form: Any, obj: Any) -> SavedView:
        """Call the service."""
        return saved_view_edit(self.actor, view=obj, **form.cleaned_data)


@register_model_view(SavedView, "delete")
class SavedViewDeleteView(ObjectDeleteView):
    """Deletes a view."""

    queryset = SavedView.objects.select_related("organization")
    title = "Delete the view {}?"
    service = saved_view_delete
    argument = "view"

    def consequences(self, obj: Any) -> list[str]:
        """Say who else misses it."""
        place = obj.organization
        return [] if place.is_personal else [f"Everybody in {place} loses the tab."]

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the way here: the list."""
        return []

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the list."""
        messages.success(self.request, f"The view {obj} is deleted.")
        return redirect(reverse(obj.list_name))
