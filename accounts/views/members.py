"""Members of an organization: who holds which role, changing it, removing, leaving."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.forms.members import RoleForm
from accounts.models import Membership, Organization
from accounts.selectors.members import members_above, members_of
from accounts.selectors.roles import choice_of, chosen_role, role_choices
from accounts.services.memberships import (
    is_last_admin,
    membership_leave,
    membership_remove,
    membership_set,
)
from accounts.tables import MemberAdminTable, MemberTable
from accounts.views.organization_page import (
    FormErrorsMixin,
    OrganizationRowsPage,
    OrganizationVerb,
    PartVerb,
)
from core.scoping import may_in
from core.views import Action, register_model_view

MEMBERS = Membership.objects.select_related("user", "organization", "custom_role")


@register_model_view(Organization, "members")
class OrganizationMembersView(OrganizationRowsPage):
    """Who holds a role on the organization itself, and who from above."""

    tab = "members"
    template_name = "accounts/organization_members.html"
    table_class = MemberTable
    row_actions = (
        Action("Change role", "edit", permission="change", icon="edit"),
        Action("Remove", "delete", icon="trash", style="danger"),
    )
    empty_title = "Nobody is a direct member"
    empty_text = "Its members hold their role on an organization above this one."

    def rows(self, obj: Any) -> Any:
        """Return its memberships."""
        return members_of(self.actor, obj, self.request.GET.get("q", ""))

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Show admins what only they may know; add those from above."""
        if may_in(self.actor, Membership, "change", obj):
            self.table_class = MemberAdminTable  # type: ignore[misc]
        above, hidden = members_above(self.actor, obj)
        own = Membership.objects.filter(user=self.actor.user, organization=obj).first()
        return {
            **super().extra_context(obj),
            "above": above,
            "hidden": hidden,
            "search": self.request.GET.get("q", ""),
            "may_leave": own is not None and not obj.is_personal,
        }


@register_model_view(Membership, "edit")
class MembershipEditView(FormErrorsMixin, PartVerb):
    """Give a member another role."""

    queryset = MEMBERS
    action = "change"
    sudo = True
    tab = "members"
    form_class = RoleForm
    title = "Role of {0.user} in {0.organization}"
    submit_label = "Change the role"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer what the actor may give; show what is held."""
        roles = role_choices(self.actor, obj.organization)
        return {"roles": roles, "initial": {"role": choice_of(obj)}}

    def perform(self, obj: Any, form: Any) -> Membership:
        """Change it."""
        chosen = chosen_role(obj.organization, form.cleaned_data["role"])
        return membership_set(self.actor, user=obj.user, organization=obj.organization, **chosen)

    def said(self, obj: Any, result: Any) -> str:
        """Say what they are now."""
        return f"{obj.user} is {result.role_name.lower()} of {obj.organization} now."


@register_model_view(Membership, "delete")
class MembershipDeleteView(PartVerb):
    """Remove a member."""

    queryset = MEMBERS
    action = "delete"
    sudo = True
    tab = "members"
    title = "Remove {0.user} from {0.organization}?"
    submit_label = "Remove"
    danger = True

    def perform(self, obj: Any, form: Any) -> None:
        """Remove them."""
        membership_remove(self.actor, membership=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say what follows."""
        found = [
            f"{obj.user} loses the role {obj.role_name} here and below, at once.",
            "They leave the groups that they no longer belong to. Their account stays.",
        ]
        if is_last_admin(obj):
            found.append("They are the last admin: make somebody else admin first.")
        return found

    def said(self, obj: Any, result: Any) -> str:
        """Say who went."""
        return f"{obj.user} is no longer a member of {obj.organization}."


@register_model_view(Organization, "leave")
class OrganizationLeaveView(OrganizationVerb):
    """End one's own membership."""

    action = "view"
    title = "Leave {}?"
    submit_label = "Leave"
    danger = True

    def perform(self, obj: Any, form: Any) -> None:
        """Leave."""
        membership_leave(self.actor, organization=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say what follows."""
        return [
            "You lose your role here and below, at once, and leave its groups.",
            "Coming back takes a new invitation.",
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the list: this one may be out of sight now."""
        messages.success(self.request, f"You left {obj}.")
        return redirect("accounts:organization_list")
