"""What every tab of an organization shows, and the base of its forms and questions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from accounts.selectors.tree import ancestors
from audit.tabs import AUDIT_TAB
from core.exceptions import DomainError
from core.scoping import may_in
from core.views import Action, Fact, ObjectActionView, ObjectTabView, ObjectView, Tab
from core.views.actions import attach_row_actions
from core.views.edit import add_errors


def is_shared(organization: Organization) -> bool:
    """Tell an organization of many from somebody's own."""
    return not organization.is_personal


INVITE = Action(
    "Invite people", "invite", permission="view", icon="user-plus", style="primary", shown=is_shared
)


class OrganizationPage(ObjectView):
    """Breadcrumbs along the tree, tabs as far as the reader may look, facts."""

    queryset = Organization.objects.all()
    actions = (
        Action("Add organization", "add_below", permission="add", icon="plus", shown=is_shared),
        INVITE,
    )
    tabs = (
        Tab("Overview"),
        Tab("Members", "members", needs=Membership),
        Tab("Invitations", "invitations", needs=Invitation),
        Tab("Roles", "roles", needs=CustomRole),
        Tab("Groups", "groups", needs=UserGroup),
        Tab("Access", "access", needs=Membership),
        Tab("Settings", "settings"),
        AUDIT_TAB,
    )

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the list, the organizations above, and this one."""
        return [*super().crumbs(obj), *trail(self.actor, obj), {"label": f"{obj}", "url": ""}]

    def lead(self, obj: Any) -> str:
        """Return what kind it is."""
        if obj.is_personal:
            return "A personal organization: it belongs to one person."
        return "Demands a second factor." if obj.requires_second_factor else ""

    def facts(self, obj: Any) -> list[Fact]:
        """Return what identifies it."""
        return [
            Fact("Owner ID", obj.owner_id, mono=True, copy=True),
            Fact("Kind", "Personal" if obj.is_personal else "Shared"),
            Fact("Second factor", "Demanded" if obj.requires_second_factor else "Not demanded"),
            Fact("Created", time=obj.created_at),
        ]

    def get_context(self, obj: Any) -> dict[str, Any]:
        """Leave out what a personal organization has no use for."""
        context = super().get_context(obj)
        if not may_in(self.actor, Invitation, "add", obj):
            buttons = context["object_actions"]
            context["object_actions"] = [b for b in buttons if b.label != INVITE.label]
        return context

    def _tabs(self, obj: Any) -> list[dict[str, Any]]:
        return [
            {
                "label": tab.label,
                "url": reverse(_name(tab.verb), kwargs={"uid": obj.uid}),
                "active": tab.verb == self.tab,
                "count": None,
            }
            for tab in self.tabs
            if self._shows(tab, obj)
        ]

    def _shows(self, tab: Tab, obj: Organization) -> bool:
        if obj.is_personal and tab.needs in {Invitation, CustomRole, UserGroup}:
            return False
        if tab.verb == "settings":
            return may_in(self.actor, Organization, "change", obj)
        return tab.needs is None or may_in(self.actor, tab.needs, "view", obj)


class OrganizationRowsPage(OrganizationPage, ObjectTabView):
    """A tab with a table whose rows have buttons."""

    template_name = "accounts/organization_rows.html"
    row_actions: ClassVar[tuple[Action, ...]] = ()
    add: ClassVar[tuple[str, str, type[Model]] | None] = None
    tab_text: ClassVar[str] = ""

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the buttons of the rows, and the one above them."""
        context = super().extra_context(obj)
        rows = [row.record for row in context["table"].paginated_rows]
        attach_row_actions(self.row_actions, rows, self.actor)
        context["tab_text"] = self.tab_text
        context["tab_actions"] = []
        if self.add is not None and may_in(self.actor, self.add[2], "add", obj):
            label, verb, _ = self.add
            action = Action(label, verb, permission="view", icon="plus", style="primary")
            context["tab_actions"] = [action.on(obj)]
        return context


class OrganizationVerb(ObjectActionView):
    """A question about an organization; its crumbs follow the tree."""

    queryset = Organization.objects.all()
    action = "change"

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the list, the organizations above, and this one."""
        return [*_root(), *trail(self.actor, obj), {"label": f"{obj}", "url": _url(obj)}]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go back, saying what happened."""
        messages.success(self.request, self.said(obj, result))
        return redirect(self.next_url(obj, result))

    def said(self, obj: Any, result: Any) -> str:
        """Return the sentence of the toast."""
        return f"{obj} is saved."

    def next_url(self, obj: Any, result: Any) -> str:
        """Return where to go afterwards."""
        return obj.get_absolute_url()


class FormErrorsMixin:
    """Shows a refusal beside the field it is about, and keeps what was typed."""

    template_name = "generic/object_edit.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save, or return the form with its faults."""
        obj = self.get_one(self.action)  # type: ignore[attr-defined]
        form = self.make_form(obj, request.POST)  # type: ignore[attr-defined]
        if form.is_valid():
            try:
                return self.done(obj, self.perform(obj, form))  # type: ignore[attr-defined]
            except DomainError as error:
                add_errors(form, error)
            except ValidationError as error:
                form.add_error(None, ValidationError(error.messages))
        return self._page(obj, form)  # type: ignore[attr-defined]


class OrganizationForm(FormErrorsMixin, OrganizationVerb):
    """A form that changes an organization, or with `made` adds something to it."""

    action = "view"
    made: ClassVar[type[Model] | None] = None
    tab: ClassVar[str] = ""

    def get_one(self, action: str) -> Any:
        """Return the organization; 403 when nothing may be added there."""
        obj = super().get_one(action)
        if self.made is not None and not may_in(self.actor, self.made, "add", obj):
            raise PermissionDenied
        return obj

    def next_url(self, obj: Any, result: Any) -> str:
        """Go to the tab that lists what was added."""
        return reverse(_name(self.tab), kwargs={"uid": obj.uid})


class PartVerb(ObjectActionView):
    """A question about something of an organization: a membership, an invitation, a role."""

    action = "change"
    tab: ClassVar[str] = ""

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the list, the tree down to the organization, and its tab."""
        organization = obj.organization
        return [
            *_root(),
            *trail(self.actor, organization),
            {"label": f"{organization}", "url": _url(organization)},
            {"label": self.tab.capitalize(), "url": _url(organization, self.tab)},
            {"label": f"{obj}", "url": obj.get_absolute_url()},
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go back to the tab, saying what happened."""
        messages.success(self.request, self.said(obj, result))
        return redirect(_url(obj.organization, self.tab))

    def said(self, obj: Any, result: Any) -> str:
        """Return the sentence of the toast."""
        return f"{obj} is saved."


def trail(actor: Any, organization: Organization) -> list[dict[str, str]]:
    """Return the crumbs of the organizations above that the reader may see."""
    return [{"label": f"{row}", "url": _url(row)} for row in ancestors(actor, organization)]


def _root() -> list[dict[str, str]]:
    return [{"label": "Organizations", "url": reverse(_name("list"))}]


def _name(verb: str) -> str:
    return f"accounts:organization_{verb}" if verb else "accounts:organization"


def _url(organization: Organization, verb: str = "") -> str:
    return reverse(_name(verb), kwargs={"uid": organization.uid})
