"""Roles of an organization: the built-in ones explained, custom ones made and edited."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.catalogue import role_in_words
from accounts.choices import Role
from accounts.forms.members import CustomRoleForm
from accounts.models import CustomRole, Membership, Organization
from accounts.roles import BUILT_IN, actions_of, held_role
from accounts.selectors.roles import with_holders
from accounts.services.roles import role_create, role_delete, role_edit, role_holders
from accounts.tables import CustomRoleTable
from accounts.tree import at_or_above
from accounts.views.organization_page import (
    FormErrorsMixin,
    OrganizationForm,
    OrganizationRowsPage,
    PartVerb,
    trail,
)
from core.scoping import is_allowed
from core.views import Action, Fact, ObjectView, register_model_view

ROLE_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    Action("Delete", "delete", icon="trash", style="danger"),
)
ABOUT = {
    Role.VIEWER: "Sees devices, sources, builds and people. Changes nothing, reads no audit log.",
    Role.OPERATOR: "Sees all that, and works with devices, sources, builds and variables.",
    Role.ADMIN: "Everything, keys, people and roles included.",
}


@register_model_view(Organization, "roles")
class OrganizationRolesView(OrganizationRowsPage):
    """The roles that can be given here."""

    tab = "roles"
    template_name = "accounts/organization_roles.html"
    table_class = CustomRoleTable
    add = ("Add role", "add_role", CustomRole)
    row_actions = ROLE_ACTIONS
    empty_title = "No custom roles"
    empty_text = "A custom role is a name for exactly the actions that you choose."

    def rows(self, obj: Any) -> Any:
        """Return the custom roles defined here."""
        return with_holders(CustomRole.objects.filter(organization=obj).allowed(self.actor))

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Explain the built-in roles; name those defined above."""
        above = at_or_above(obj, "organization__") & ~Q(organization=obj)
        inherited = CustomRole.objects.allowed(self.actor).filter(above)
        return {
            **super().extra_context(obj),
            "built_in": [{"label": role.label, "text": ABOUT[role]} for role in BUILT_IN],
            "inherited": list(inherited.select_related("organization")[:50]),
        }


class RoleForm(FormErrorsMixin):
    """The name and the grid of actions."""

    template_name = "accounts/customrole_edit.html"
    form_class = CustomRoleForm


@register_model_view(Organization, "add_role")
class OrganizationAddRoleView(RoleForm, OrganizationForm):
    """Make a role."""

    made = CustomRole
    sudo = True
    tab = "roles"
    title = "Add a role to {}"
    submit_label = "Add role"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start from what viewers may do."""
        viewer = held_role(Role.VIEWER, None).all_actions()
        own = actions_of(self.actor, obj)
        return {"own": own, "initial": {"actions": sorted(viewer & own)}}

    def perform(self, obj: Any, form: Any) -> CustomRole:
        """Make it."""
        return role_create(self.actor, organization=obj, **form.cleaned_data)

    def said(self, obj: Any, result: Any) -> str:
        """Say where it can be given."""
        return f"The role {result} is added. It can be given in {obj} and below."


@register_model_view(CustomRole)
class CustomRoleView(ObjectView):
    """What a role contains, and who holds it."""

    queryset = CustomRole.objects.select_related("organization")
    template_name = "accounts/customrole.html"
    actions = ROLE_ACTIONS

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the tree down to the roles of the organization."""
        return [*role_crumbs(self.actor, obj), {"label": f"{obj}", "url": ""}]

    def lead(self, obj: Any) -> str:
        """Return where it can be given."""
        return f"Can be given in {obj.organization} and below."

    def facts(self, obj: Any) -> list[Fact]:
        """Return where it is defined."""
        return [
            Fact("Organization", obj.organization, url=obj.organization.get_absolute_url()),
            Fact("Created", time=obj.created_at),
        ]

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add its actions in words, and the members that the reader may see."""
        held = Membership.objects.allowed(self.actor).filter(custom_role=obj)
        return {
            "contains": role_in_words(obj.actions),
            "holders": held.select_related("user", "organization").order_by("user__email")[:50],
        }


@register_model_view(CustomRole, "edit")
class CustomRoleEditView(RoleForm, PartVerb):
    """Change what a role contains."""

    queryset = CustomRole.objects.select_related("organization")
    action = "change"
    sudo = True
    tab = "roles"
    title = "Edit the role {}"
    submit_label = "Save"

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the tree down to the role."""
        return [*role_crumbs(self.actor, obj), {"label": f"{obj}", "url": obj.get_absolute_url()}]

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start from what it contains."""
        own = actions_of(self.actor, obj.organization)
        return {"own": own, "initial": {"name": obj.name, "actions": obj.actions}}

    def perform(self, obj: Any, form: Any) -> CustomRole:
        """Change it."""
        return role_edit(self.actor, role=obj, **form.cleaned_data)

    def said(self, obj: Any, result: Any) -> str:
        """Say from when on it counts."""
        return f"The role {result} is saved. It counts from the next click of those who hold it."


@register_model_view(CustomRole, "delete")
class CustomRoleDeleteView(PartVerb):
    """Delete a role that nobody holds."""

    queryset = CustomRole.objects.select_related("organization")
    action = "delete"
    sudo = True
    tab = "roles"
    title = "Delete the role {}?"
    submit_label = "Delete"
    danger = True

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the tree down to the role."""
        return [*role_crumbs(self.actor, obj), {"label": f"{obj}", "url": obj.get_absolute_url()}]

    def perform(self, obj: Any, form: Any) -> None:
        """Delete it."""
        role_delete(self.actor, role=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say who holds it."""
        count = len(role_holders(obj))
        if not count:
            return ["Nobody holds it."]
        who = "1 person holds" if count == 1 else f"{count} people hold"
        return [f"{who} or are offered it: give them another role first."]

    def said(self, obj: Any, result: Any) -> str:
        """Say what is gone."""
        return f"The role {obj} is deleted."


def role_crumbs(actor: Any, role: CustomRole) -> list[dict[str, str]]:
    """Return the list of organizations, the tree, and the tab of roles."""
    from_tree = [*trail(actor, role.organization)]
    if is_allowed(role.organization, actor):
        base = role.organization.get_absolute_url()
        from_tree += [
            {"label": f"{role.organization}", "url": base},
            {"label": "Roles", "url": f"{base}roles/"},
        ]
    return from_tree
