"""The tree of organizations, the pages of one, and what is done to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from accounts.filters import OrganizationFilterSet
from accounts.forms import OrganizationForm as NameForm
from accounts.forms.organizations import OrganizationLimitsForm
from accounts.models import Membership, Organization
from accounts.selectors.tree import held_back_by_demand, inactive_organizations
from accounts.services.limits import FIELDS, may_limit, organization_limit, usage_of
from accounts.services.organizations import (
    may_add_roots,
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_delete,
    organization_demand_second_factor,
    organization_rename,
    organization_review_pushes,
)
from accounts.tables import OrganizationTable
from accounts.tree import at_or_below, parent_of
from accounts.views.organization_page import (
    OrganizationForm,
    OrganizationPage,
    OrganizationRowsPage,
    OrganizationVerb,
    trail,
)
from accounts.views.organization_tree import TreeMixin
from audit.models import AuditEvent
from audit.tabs import AuditTab
from core.scoping import is_allowed
from core.views import (
    Action,
    EmptyState,
    ObjectEditView,
    ObjectListView,
    register_model_view,
)

SHOWN = 12
# A sub-query counts only the rows of the page; a join would count all of ten thousand first.
MEMBERS = (
    Membership.objects.filter(organization=OuterRef("pk"))
    .order_by()
    .values("organization")
    .annotate(count=Count("pk"))
    .values("count")
)
COUNTED = Coalesce(Subquery(MEMBERS, output_field=IntegerField()), 0)


@register_model_view(Organization, "list", detail=False)
class OrganizationListView(TreeMixin, ObjectListView):
    """Every organization that the actor reaches, as the tree that they form."""

    queryset = Organization.objects.annotate(members=COUNTED)
    filterset_class = OrganizationFilterSet
    table_class = OrganizationTable
    template_name = "accounts/organization_list.html"
    actions = (Action("Add organization", "add", icon="plus", style="primary"),)
    lead = "Everything belongs to an organization. Roles held on one cover those below it."
    empty = EmptyState(
        "No organizations", "You hold no role anywhere. Ask somebody to invite you.", "building"
    )
    is_live = False

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Add the closed ones; leave out the button where roots are for operators."""
        context = super().get_context(table, filterset)
        context["inactive"] = list(inactive_organizations(self.actor)[:SHOWN])
        if not may_add_roots(self.actor):
            context["actions"] = []
        return context


@register_model_view(Organization)
class OrganizationView(OrganizationPage):
    """Where it stands in the tree, what is below it, how much it uses."""

    template_name = "accounts/organization.html"

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add its place, its children and its usage."""
        below = Organization.objects.filter(at_or_below(obj)).exclude(pk=obj.pk)
        children = below.allowed(self.actor).filter(depth=obj.depth + 1).order_by("path")
        return {
            "above": trail(self.actor, obj),
            "children": children.annotate(members=COUNTED)[:SHOWN],
            "below": below.allowed(self.actor).count(),
            "usage": usage_of(obj),
        }


@register_model_view(Organization, "settings")
class OrganizationSettingsView(OrganizationPage):
    """Everything that is decided about the organization itself."""

    tab = "settings"
    template_name = "accounts/organization_settings.html"

    def get_one(self, action: str) -> Any:
        """Return the organization to those who may change it."""
        return super().get_one("change")

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Say which of the switches are this reader's."""
        parent = parent_of(obj)
        return {
            "usage": usage_of(obj),
            "may_limit": may_limit(self.actor, obj),
            "may_move": not obj.is_personal
            and is_allowed(obj, self.actor, "move")
            and (parent is None or is_allowed(parent, self.actor, "move")),
            "may_delete": not obj.is_personal and is_allowed(obj, self.actor, "delete"),
            "held_back": held_back_by_demand(obj),
        }


@register_model_view(Organization, "audit")
class OrganizationAuditView(OrganizationRowsPage, AuditTab):
    """What was recorded about the organization and its people."""

    def rows(self, obj: Any) -> Any:
        """Return the events of people and roles."""
        events = AuditEvent.objects.allowed(self.actor).filter(
            organization=obj, verb__startswith="accounts."
        )
        return events.order_by("-at", "-pk")


@register_model_view(Organization, "edit")
class OrganizationEditView(ObjectEditView):
    """Rename an organization."""

    queryset = Organization.objects.all()
    form_class = NameForm

    def save(self, form: NameForm, obj: Organization) -> Organization:
        """Rename it."""
        return organization_rename(self.actor, organization=obj, name=form.cleaned_data["name"])


@register_model_view(Organization, "add", detail=False)
class OrganizationAddView(ObjectEditView):
    """Make an organization at the top of the tree."""

    queryset = Organization.objects.all()
    form_class = NameForm
    create_title = "Add organization"
    lead = "You become its admin, and can invite others."

    def save(self, form: NameForm, obj: None) -> Organization:
        """Make it, with its maker as its admin."""
        return organization_create(
            self.actor, name=form.cleaned_data["name"], admin=self.actor.user
        )

    def _may_add(self) -> bool:
        return may_add_roots(self.actor) and super()._may_add()


@register_model_view(Organization, "add_below")
class OrganizationAddBelowView(OrganizationForm):
    """Make an organization below this one."""

    action = "add"
    form_class = NameForm
    title = "Add an organization below {}"
    submit_label = "Add organization"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start empty."""
        return {}

    def perform(self, obj: Any, form: Any) -> Organization:
        """Make it."""
        return organization_create(
            self.actor, name=form.cleaned_data["name"], admin=self.actor.user, parent=obj
        )

    def said(self, obj: Any, result: Any) -> str:
        """Say what is there now."""
        return f"{result} is added below {obj}. Whoever holds a role on {obj} holds it there, too."

    def next_url(self, obj: Any, result: Any) -> str:
        """Go to the new one."""
        return result.get_absolute_url()


@register_model_view(Organization, "limits")
class OrganizationLimitsView(OrganizationForm):
    """Set the limits of an organization."""

    action = "change"
    form_class = OrganizationLimitsForm
    title = "Limits of {}"
    submit_label = "Save the limits"
    tab = "settings"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start from those set; a copy, so that a refused form changes nothing on the page."""
        return {"instance": Organization.objects.get(pk=obj.pk)}

    def perform(self, obj: Any, form: Any) -> Organization:
        """Set them."""
        limits = {name: form.cleaned_data[name] for name in FIELDS}
        return organization_limit(self.actor, organization=obj, **limits)

    def said(self, obj: Any, result: Any) -> str:
        """Say that they hold."""
        return f"The limits of {obj} are saved. They hold from now on."


@register_model_view(Organization, "second_factor")
class OrganizationSecondFactorView(OrganizationVerb):
    """Demand a second factor of the members, or no longer."""

    action = "change"
    sudo = True

    def get_one(self, action: str) -> Any:
        """Return the organization, and choose the words of the question."""
        obj = super().get_one(action)
        demanded = obj.requires_second_factor
        self.title = (  # type: ignore[misc]
            "Let members of {} in without a second factor?"
            if demanded
            else "Demand a second factor of everybody in {}?"
        )
        self.submit_label = "Demand it no longer" if demanded else "Demand a second factor"  # type: ignore[misc]
        return obj

    def perform(self, obj: Any, form: Any) -> Organization:
        """Switch it over."""
        return organization_demand_second_factor(
            self.actor, organization=obj, demanded=not obj.requires_second_factor
        )

    def consequences(self, obj: Any) -> list[str]:
        """Say who is held back."""
        if obj.requires_second_factor:
            return ["A password is enough again, here and below."]
        count = held_back_by_demand(obj)
        if not count:
            return ["Everybody here and below has one already. Nobody is held back."]
        who = "1 member has" if count == 1 else f"{count} members have"
        return [
            f"{who} no second factor yet, and can do nothing else until they set one up.",
            "This holds for everything below, too. API keys and devices go on as before.",
        ]

    def said(self, obj: Any, result: Any) -> str:
        """Say what holds now."""
        if result.requires_second_factor:
            return f"{obj} demands a second factor now."
        return f"{obj} demands no second factor any more."

    def next_url(self, obj: Any, result: Any) -> str:
        """Go back to the settings."""
        return f"{obj.get_absolute_url()}settings/"


@register_model_view(Organization, "review_pushes")
class OrganizationReviewPushesView(OrganizationVerb):
    """Have a second person approve each configuration push, or no longer."""

    action = "change"
    sudo = True

    def get_one(self, action: str) -> Any:
        """Return the organization, and choose the words of the question."""
        obj = super().get_one(action)
        self.title = (  # type: ignore[misc]
            "Let people in {} push configuration without a review?"
            if obj.reviews_pushes
            else "Have a second person review each configuration push in {}?"
        )
        self.submit_label = "Demand no review" if obj.reviews_pushes else "Demand a review"  # type: ignore[misc]
        return obj

    def perform(self, obj: Any, form: Any) -> Organization:
        """Switch it over."""
        return organization_review_pushes(
            self.actor, organization=obj, demanded=not obj.reviews_pushes
        )

    def consequences(self, obj: Any) -> list[str]:
        """Say what that means."""
        if obj.reviews_pushes:
            return [
                "One person is enough again, here and below, unless an organization above it "
                "demands a review."
            ]
        return [
            "Whoever may configure devices can approve a push, but nobody approves their own.",
            "This holds for everything below, too. Drafts wait for a review from now on.",
        ]

    def said(self, obj: Any, result: Any) -> str:
        """Say what holds now."""
        if result.reviews_pushes:
            return f"{obj} wants a second person to review configuration pushes."
        return f"{obj} wants no review of configuration pushes."

    def next_url(self, obj: Any, result: Any) -> str:
        """Go back to the settings."""
        return f"{obj.get_absolute_url()}settings/"


@register_model_view(Organization, "deactivate")
class OrganizationDeactivateView(OrganizationVerb):
    """Close an organization and all below it."""

    action = "delete"
    sudo = True
    title = "Deactivate {}?"
    submit_label = "Deactivate"
    danger = True

    def perform(self, obj: Any, form: Any) -> int:
        """Close it."""
        return organization_deactivate(self.actor, organization=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say who is shut out, and who can open it again."""
        below = Organization.objects.filter(at_or_below(obj)).count() - 1
        parts = "" if not below else f", and {below} below it" if below > 1 else ", and 1 below it"
        who = "an admin of the organization above" if obj.depth > 1 else "the console's operators"
        return [
            f"{obj} is closed to its people, keys and devices{parts}. Nothing is deleted.",
            f"Only {who} can activate it again.",
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the list: the page is gone."""
        messages.success(self.request, f"{obj} is deactivated.")
        return redirect("accounts:organization_list")


@register_model_view(Organization, "activate")
class OrganizationActivateView(OrganizationVerb):
    """Open an organization again."""

    action = "view"
    title = "Activate {}?"
    submit_label = "Activate"

    def get_one(self, action: str) -> Any:
        """Return one of those that the reader may open again."""
        may_attempt = self.actor.may_attempt("accounts.delete_organization")
        rows = inactive_organizations(self.actor).filter(uid=self.kwargs["uid"])
        found = rows.first() if may_attempt else None
        if found is None:
            raise Http404
        return found

    def perform(self, obj: Any, form: Any) -> int:
        """Open it."""
        return organization_activate(self.actor, organization=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say what opens with it."""
        return [f"{obj} and everything below it opens to its people, keys and devices again."]

    def said(self, obj: Any, result: Any) -> str:
        """Say that it is open."""
        return f"{obj} is active again."


@register_model_view(Organization, "delete")
class OrganizationDeleteView(OrganizationVerb):
    """Delete an empty organization."""

    action = "delete"
    sudo = True
    title = "Delete {}?"
    submit_label = "Delete"
    danger = True

    def perform(self, obj: Any, form: Any) -> None:
        """Delete it."""
        organization_delete(self.actor, organization=obj)

    def typed(self, obj: Any) -> str:
        """Ask for the name."""
        return obj.name

    def consequences(self, obj: Any) -> list[str]:
        """Say what goes."""
        return [
            "Its memberships, invitations, roles and groups go with it. This cannot be undone.",
            "Its audit events stay.",
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the list."""
        messages.success(self.request, f"{obj} is deleted.")
        return redirect("accounts:organization_list")
