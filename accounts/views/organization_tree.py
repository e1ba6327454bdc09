"""The tree as a list: indented, folded by links, and the search for one of many."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.views.generic import View

from accounts.forms import OrganizationSwitchForm
from accounts.models import Organization
from accounts.selectors import SESSION_KEY
from accounts.selectors.organizations import organizations_like
from accounts.selectors.tree import ancestors, attach_ancestors, move_effects
from accounts.services.organizations import may_add_roots, organization_move, require_may_move
from accounts.views.organization_page import OrganizationVerb
from core.exceptions import DomainError
from core.scoping import get_allowed
from core.views import ScopedViewMixin, register_model_view

MAX_FOLDED = 50
TOP = "top"
TRAIL = " \u203a "


class TreeMixin:
    """Folds branches by `?fold=<uid>`, narrows to one by `?below=<uid>`; needs no script."""

    request: HttpRequest
    actor: Any

    def get_rows(self, action: str) -> Any:
        """Return the rows without what is folded away."""
        rows = super().get_rows(action)  # type: ignore[misc]
        self.below = self._named("below")[:1]
        for branch in self.below:
            rows = rows.filter(path__startswith=branch.path)
        self.folded = self._named("fold") if self.is_tree else []
        for branch in self.folded:
            rows = rows.exclude(path__startswith=branch.path, depth__gt=branch.depth)
        return rows

    @property
    def is_tree(self) -> bool:
        """Tell whether the list is in the order of the tree; a search or a sort is not."""
        asked = self.request.GET
        return not asked.get("q") and not asked.get("sort") and asked.get("export") != "csv"

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Give each row of the page its place in the tree."""
        rows = [row.record for row in table.paginated_rows]
        attach_ancestors(self.actor, rows)
        folded = {branch.pk for branch in self.folded}
        hidden = len(self.below[0].path) if self.below else 0
        for row in rows:
            above = len(row.trail) if not hidden else (len(row.path) - hidden) // row.steplen
            row.level = min(above, 12) if self.is_tree else 0
            row.is_folded, row.is_in_tree = row.pk in folded, self.is_tree
            row.fold_url = self._fold_url(row) if self.is_tree and row.numchild else ""
            row.second_line = "" if self.is_tree else TRAIL.join(row.trail)
        context = super().get_context(table, filterset)  # type: ignore[misc]
        for branch in self.below:
            way = [*ancestors(self.actor, branch), branch]
            context["crumbs"] = [
                {"label": "Organizations", "url": self.request.path},
                *({"label": f"{row}", "url": row.get_absolute_url()} for row in way),
                {"label": "Below", "url": ""},
            ]
            context["title"] = f"Below {branch}"
        return context

    def _named(self, name: str) -> list[Organization]:
        uids = [uid for text in self.request.GET.getlist(name)[:MAX_FOLDED] if (uid := _uuid(text))]
        if not uids:
            return []
        return list(Organization.objects.allowed(self.actor).filter(uid__in=uids))

    def _fold_url(self, row: Organization) -> str:
        query = self.request.GET.copy()
        folded = [text for text in query.pop("fold", []) if text != f"{row.uid}"]
        query.pop("page", None)
        if not row.is_folded:  # type: ignore[attr-defined]
            folded.append(f"{row.uid}")
        pairs = [(key, value) for key in query for value in query.getlist(key)]
        return f"?{urlencode(pairs + [('fold', uid) for uid in folded])}"


@register_model_view(Organization, "move")
class OrganizationMoveView(OrganizationVerb):
    """Choose where to hang an organization, see what that changes, and do it.

    Three steps, each with its own address: search, `?to=<uid>` or `?to=top`, POST.
    """

    action = "move"
    sudo = True
    title = "Move {}?"
    submit_label = "Move"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask where to, or what the answer would change."""
        obj = self.get_one(self.action)
        if "to" not in request.GET:
            return self._choose(obj)
        parent = self._parent()
        try:
            require_may_move(self.actor, obj, parent)
        except DomainError as error:
            messages.error(request, error.message)
            return self._choose(obj, status=422)
        return self._page(obj, None)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Move it, once the target is named."""
        if "to" not in request.GET:
            return self._choose(self.get_one(self.action), status=422)
        return super().post(request, *args, **kwargs)

    def perform(self, obj: Any, form: Any) -> Organization:
        """Move it."""
        return organization_move(self.actor, organization=obj, parent=self._parent())

    def consequences(self, obj: Any) -> list[str]:
        """Say who gains and who loses access."""
        if "to" not in self.request.GET:
            return []
        parent = self._parent()
        return move_effects(obj, parent).sentences(obj, parent)

    def said(self, obj: Any, result: Any) -> str:
        """Say where it hangs."""
        parent = self._parent()
        return (
            f"{obj} is below {parent} now." if parent else f"{obj} is at the top of the tree now."
        )

    def _parent(self) -> Organization | None:
        asked = self.request.GET.get("to", "")
        if asked == TOP:
            return None
        rows = Organization.objects.all()
        return get_allowed(rows, self.actor, "view", uid=_uuid(asked) or UUID(int=0))

    def _choose(self, obj: Organization, status: int = 200) -> HttpResponse:
        words = self.request.GET.get("q", "")
        found, more = organizations_like(self.actor, words, action="add", moving=obj)
        context = {
            "title": f"Move {obj}",
            "object": obj,
            "crumbs": self.crumbs(obj),
            "choices": found,
            "more": more,
            "search": words,
            "may_top": obj.depth > 1 and may_add_roots(self.actor),
        }
        return render(self.request, "accounts/organization_move_to.html", context, status=status)


@register_model_view(Organization, "choose", detail=False)
class OrganizationChooseView(ScopedViewMixin, View):
    """Find the organization to narrow the pages to; the header asks here, too."""

    queryset = Organization.objects.all()
    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return those that match, as buttons."""
        words = request.GET.get("q", "")
        found, more = organizations_like(self.actor, words)
        context = {"title": "Choose an organization", "choices": found, "more": more}
        return render(request, "accounts/organization_choose.html", {**context, "search": words})


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
    is_list = not match.kwargs and match.view_name != "accounts:organization_choose"
    return parts.path if is_ours and is_list else "dashboard"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
