"""Share, withdraw, and the Access tab: the same three pages for every kind of object."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts.forms.sharing import PersonForm, ShareForm
from accounts.models import Organization
from accounts.selectors.access import people_reaching, possibilities, possible_within
from accounts.selectors.access_page import (
    AccessRow,
    group_rows,
    key_rows,
    person_rows,
    sees_everybody,
)
from accounts.selectors.shares import Share, person_by_email, share_by_uid
from accounts.services.sharing import (
    object_share,
    object_unshare,
    person_to_share_with,
    share_change,
)
from accounts.sharing_tables import AccessTable, paged
from accounts.views.organization_page import OrganizationPage
from core.exceptions import DomainError
from core.views import (
    Action,
    ObjectAction,
    ObjectActionView,
    ObjectView,
    ScopedViewMixin,
    Tab,
    register_model_view,
)
from core.views.base import heading, noun
from core.views.registry import url_name

ACCESS_TAB = Tab("Access", "access")
SHARE_ACTION = Action("Share", "share", icon="share")
# What a share of one object does not reach, said before it is given.
NOT_INCLUDED = {
    "devices.device": "They see this device alone: not its source, its builds or its variables.",
    "devices.mesh": "They see this mesh and its topic: not its devices.",
    "devices.statustransformer": "They see this transformer alone: not the devices that use it.",
    "builds.source": "They see this source alone: not its deploy key, its devices or its builds.",
    "builds.build": "They see this build with its log: not its files, its device or its source.",
    "keys.apikey": "They see what the key is for and when it was used, never the key itself.",
    "keys.deploykey": "They see the public half and where it goes, never the private half.",
    "keys.envvar": "They see its value, unless it is secret.",
}


def register_sharing(model: type[Model], page: type[ObjectView]) -> None:
    """Give every object of a model its pages Share, Withdraw and Access, in the look of `page`."""
    name = model._meta.object_name
    about = {"queryset": page.queryset, "__module__": __name__}
    for action, base in (("share", ShareView), ("unshare", UnshareView)):
        view = type(f"{name}{base.__name__}", (base,), about)
        register_model_view(model, action)(view)
    register_access(model, page)


def register_access(model: type[Model], page: type[ObjectView]) -> None:
    """Give every object of a model the tab that says who may do what, and why."""
    name = f"{model._meta.object_name}AccessView"
    register_model_view(model, "access")(type(name, (AccessMixin, page), {"__module__": __name__}))


def access_url(obj: Any) -> str:
    """Return the address of an object's Access tab, of the page itself when it has none."""
    return reverse(url_name(type(obj), "access"), kwargs={"uid": obj.uid})


class ShareView(ScopedViewMixin, View):
    """Share an object with a person or group; `?with=<uid>` changes what they were given."""

    template_name: ClassVar[str] = "accounts/share.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the form."""
        obj = self.get_one("share")
        share = recipient_asked(request, obj)
        return self._page(obj, share, ShareForm(obj=obj, actor=self.actor, share=share))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Share or change, then show who may do what."""
        obj = self.get_one("share")
        share = recipient_asked(request, obj)
        form = ShareForm(request.POST, obj=obj, actor=self.actor, share=share)
        if form.is_valid():
            try:
                given = self._save(obj, share, form.cleaned_data)
            except DomainError as error:
                known = {name: said for name, said in error.fields.items() if name in form.fields}
                form.add_error(None, known or error.message)  # type: ignore[arg-type]
            else:
                said = "changed" if share else "added"
                messages.success(request, f"The share of {obj} with {given.label} is {said}.")
                return redirect(access_url(obj))
        return self._page(obj, share, form)

    def _save(self, obj: Any, share: Share | None, data: dict[str, Any]) -> Share:
        given = {"actions": data.get("actions", ()), "until": data["until"]}
        if share is not None:
            return share_change(self.actor, obj=obj, to=share.to, **given)
        to = data.get("group") or person_to_share_with(self.actor, email=data["person"])
        return object_share(self.actor, obj=obj, to=to, **given)

    def _page(self, obj: Any, share: Share | None, form: ShareForm) -> HttpResponse:
        context = {
            "object": obj,
            "form": form,
            "title": f"What {share.label} may do with {obj}" if share else f"Share {obj}",
            "lead": "" if share else NOT_INCLUDED.get(obj._meta.label_lower, ""),
            "submit_label": "Save" if share else f"Share {noun(type(obj))}",
            "cancel_url": access_url(obj),
            "crumbs": crumbs_to(obj),
        }
        status = 422 if form.is_bound and form.errors else 200
        return render(self.request, self.template_name, context, status=status)


class UnshareView(ObjectActionView):
    """Take back what `?with=<uid>` was given; everybody may give up their own."""

    action = "view"
    title = "Withdraw the share of {}?"
    submit_label = "Withdraw"
    danger = True

    def get_one(self, action: str) -> Any:
        """Return the object; only one's own share can be given up without the right to share."""
        obj = super().get_one("view")
        self.share = recipient_asked(self.request, obj)
        if self.share is None:
            raise Http404
        return obj if self.share.to == self.actor.user else super().get_one("share")

    def consequences(self, obj: Any) -> list[str]:
        """Say what ends, and when."""
        share: Any = self.share
        may = f"{share.words[:1].lower()}{share.words[1:]}"
        who = (
            "You" if share.to == self.actor.user else f"{share.label[:1].upper()}{share.label[1:]}"
        )
        return [
            f"{who} may no longer {may}, unless a role or another share allows it.",
            "Open pages lose it at once.",
        ]

    def perform(self, obj: Any, form: Any) -> None:
        """Call the service."""
        share: Any = self.share
        object_unshare(self.actor, obj=obj, to=share.to)
        messages.success(self.request, f"{obj} is no longer shared with {share.label}.")

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to where one came from: the Access tab, or what is shared with oneself."""
        share: Any = self.share
        own = share.to == self.actor.user
        return redirect(reverse("accounts:shared_with_me") if own else access_url(obj))


class AccessMixin:
    """Who may do what with the object, and why; `?person=` asks what somebody could do."""

    template_name = "accounts/access.html"
    tab = "access"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the rows, everybody's or one's own alone, and the answer to a question."""
        view: Any = self
        whole = sees_everybody(view.actor, obj)
        people = people_reaching(obj)
        if not whole:
            people = people.filter(pk=getattr(view.actor.user, "pk", None))
        table = paged(AccessTable, people, view.request, lambda page: self._rows(obj, page, whole))
        may_share = whole and not isinstance(obj, Organization)
        groups = group_rows(obj) if whole else []
        for row in groups:
            row.row_actions = share_buttons(row) if may_share else []
        return {
            "table": table,
            "total": table.paginator.count,
            "whole": whole,
            "noun": noun(type(obj)),
            "groups": groups,
            "keys": key_rows(view.actor, obj) if whole else [],
            **(self._answer(obj) if whole else {}),
        }

    def _rows(self, obj: Any, page: Any, whole: bool) -> list[AccessRow]:  # noqa: FBT001
        view: Any = self
        rows = person_rows(view.actor, obj, list(page))
        for row in rows:
            own = row.who == view.actor.user
            row.row_actions = share_buttons(row, may_change=whole) if whole or own else []
        return rows

    def _answer(self, obj: Any) -> dict[str, Any]:
        view: Any = self
        asked = "person" in view.request.GET
        form = PersonForm(view.request.GET if asked else None)
        if not (asked and form.is_valid()):
            return {"person_form": form}
        email = form.cleaned_data["person"]
        # Nobody and somebody without any access get the same answer.
        person = person_by_email(email)
        answer = possibilities(view.actor, obj, person)
        within = possible_within(obj, person) if isinstance(obj, Organization) else None
        return {"person_form": form, "asked": email, "answer": answer, "within": within}


def share_buttons(row: AccessRow, *, may_change: bool = True) -> list[ObjectAction]:
    """Return the buttons of a row that stands for a share."""
    if row.share is None:
        return []
    obj, to = row.share.obj, f"?with={row.share.uid}"
    kwargs = {"uid": obj.uid}
    change = ObjectAction("Change", reverse(url_name(type(obj), "share"), kwargs=kwargs) + to)
    withdraw = ObjectAction(
        "Withdraw" if may_change else "Give up",
        reverse(url_name(type(obj), "unshare"), kwargs=kwargs) + to,
        style="danger",
    )
    return [change, withdraw] if may_change else [withdraw]


def recipient_asked(request: HttpRequest, obj: Any) -> Share | None:
    """Return the share that the address names; 404 when it names one that is not there."""
    asked = request.GET.get("with")
    if not asked:
        return None
    try:
        share = share_by_uid(obj, UUID(asked))
    except ValueError:
        share = None
    if share is None:
        raise Http404
    return share


def crumbs_to(obj: Any) -> list[dict[str, str]]:
    """Return the way back over the object."""
    model = type(obj)
    return [
        {"label": heading(model), "url": reverse(url_name(model, "list"))},
        {"label": f"{obj}", "url": obj.get_absolute_url()},
    ]


register_access(Organization, OrganizationPage)
