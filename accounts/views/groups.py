"""Groups of an organization: who is in them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts.forms.members import GroupForm, GroupMemberForm
from accounts.models import Organization, User, UserGroup
from accounts.services.groups import (
    group_add,
    group_create,
    group_delete,
    group_remove,
    group_rename,
    person_of,
)
from accounts.tables import GroupMemberTable, GroupTable
from accounts.views.organization_page import (
    FormErrorsMixin,
    OrganizationForm,
    OrganizationRowsPage,
    PartVerb,
    trail,
)
from core.exceptions import DomainError
from core.scoping import is_allowed
from core.views import Action, Fact, ObjectTabView, register_model_view

ROWS = UserGroup.objects.select_related("organization", "group")
GROUP_ACTIONS = (
    Action("Rename", "edit", permission="change", icon="edit"),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(Organization, "groups")
class OrganizationGroupsView(OrganizationRowsPage):
    """The groups of the organization."""

    tab = "groups"
    table_class = GroupTable
    add = ("Add group", "add_group", UserGroup)
    row_actions = GROUP_ACTIONS
    tab_text = "Share a device or a source with a group, and everybody in it has it."
    empty_title = "No groups"
    empty_text = "Put people into a group to share objects with all of them at once."

    def rows(self, obj: Any) -> Any:
        """Return its groups."""
        rows = UserGroup.objects.filter(organization=obj).allowed(self.actor)
        return rows.annotate(people=Count("group__user"))


@register_model_view(Organization, "add_group")
class OrganizationAddGroupView(OrganizationForm):
    """Make a group."""

    made = UserGroup
    tab = "groups"
    form_class = GroupForm
    title = "Add a group to {}"
    submit_label = "Add group"

    def perform(self, obj: Any, form: Any) -> UserGroup:
        """Make it."""
        return group_create(self.actor, organization=obj, name=form.cleaned_data["name"])

    def next_url(self, obj: Any, result: Any) -> str:
        """Go to its page, where people are put into it."""
        return result.get_absolute_url()

    def said(self, obj: Any, result: Any) -> str:
        """Say what comes next."""
        return f"The group {result} is added. Put people into it."


@register_model_view(UserGroup)
class UserGroupView(ObjectTabView):
    """Who is in the group."""

    queryset = ROWS
    template_name = "accounts/organization_rows.html"
    table_class = GroupMemberTable
    actions = (
        Action("Add person", "add_person", permission="change", icon="user-plus", style="primary"),
        *GROUP_ACTIONS,
    )
    empty_title = "Nobody is in this group"
    empty_text = "Add people who hold a role in the organization, above or below it."

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the tree down to the groups of the organization."""
        return [*group_crumbs(self.actor, obj), {"label": f"{obj}", "url": ""}]

    def facts(self, obj: Any) -> list[Fact]:
        """Return where it belongs."""
        return [
            Fact("Organization", obj.organization, url=obj.organization.get_absolute_url()),
            Fact("Created", time=obj.created_at),
        ]

    def rows(self, obj: Any) -> Any:
        """Return its people, each knowing the way out when the reader may show it."""
        return obj.group.user_set.all()

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Let those who may change the group take people out."""
        context = super().extra_context(obj)
        may_change = is_allowed(obj, self.actor, "change")
        for row in context["table"].paginated_rows:
            row.record.leave_url = f"{obj.get_absolute_url()}remove-person/" if may_change else ""
            row.record.leave_url += f"?person={row.record.uid}" if may_change else ""
        return {**context, "tab_actions": [], "tab_text": ""}


class GroupVerb(PartVerb):
    """A question about one group."""

    queryset = ROWS
    tab = "groups"

    def crumbs(self, obj: Any) -> list[dict[str, str]]:
        """Return the tree down to the group."""
        return [*group_crumbs(self.actor, obj), {"label": f"{obj}", "url": obj.get_absolute_url()}]


class GroupPageVerb(GroupVerb):
    """One that leads back to the group's page."""

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go back to the group."""
        messages.success(self.request, self.said(obj, result))
        return redirect(obj.get_absolute_url())


@register_model_view(UserGroup, "edit")
class UserGroupEditView(FormErrorsMixin, GroupPageVerb):
    """Rename a group."""

    action = "change"
    form_class = GroupForm
    title = "Rename {}"
    submit_label = "Save"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Start from its name."""
        return {"initial": {"name": obj.name}}

    def perform(self, obj: Any, form: Any) -> UserGroup:
        """Rename it."""
        return group_rename(self.actor, group=obj, name=form.cleaned_data["name"])


@register_model_view(UserGroup, "add_person")
class UserGroupAddPersonView(FormErrorsMixin, GroupPageVerb):
    """Put somebody into a group."""

    action = "change"
    form_class = GroupMemberForm
    title = "Add somebody to {}"
    submit_label = "Add person"

    def perform(self, obj: Any, form: Any) -> User:
        """Find the person among those who belong, and add them."""
        person = person_of(obj, form.cleaned_data["person"])
        group_add(self.actor, group=obj, user=person)
        return person

    def said(self, obj: Any, result: Any) -> str:
        """Say who is in it now."""
        return f"{result} is in {obj} now."


@register_model_view(UserGroup, "remove_person")
class UserGroupRemovePersonView(GroupPageVerb):
    """Take somebody out of a group."""

    action = "change"
    title = "Take somebody out of {}?"
    submit_label = "Take out"
    danger = True

    def person(self, obj: Any) -> User | None:
        """Return who is meant, if they are in it."""
        uid = self.request.GET.get("person", "")
        return next((user for user in obj.group.user_set.all() if f"{user.uid}" == uid), None)

    def perform(self, obj: Any, form: Any) -> User:
        """Take them out."""
        person = self.person(obj)
        if person is None:
            raise DomainError("accounts.not_in_group", "This person is not in the group.")
        group_remove(self.actor, group=obj, user=person)
        return person

    def consequences(self, obj: Any) -> list[str]:
        """Say what they lose."""
        who = self.person(obj) or "This person"
        return [f"{who} loses what is shared with {obj}, at once."]

    def said(self, obj: Any, result: Any) -> str:
        """Say who went."""
        return f"{result} is no longer in {obj}."


@register_model_view(UserGroup, "delete")
class UserGroupDeleteView(GroupVerb):
    """Delete a group."""

    action = "delete"
    title = "Delete the group {}?"
    submit_label = "Delete"
    danger = True

    def perform(self, obj: Any, form: Any) -> None:
        """Delete it."""
        group_delete(self.actor, group=obj)

    def consequences(self, obj: Any) -> list[str]:
        """Say who loses what."""
        count = obj.group.user_set.count()
        who = "1 person is" if count == 1 else f"{count} people are"
        return [f"{who} in it. What is shared with the group is no longer shared with them."]

    def said(self, obj: Any, result: Any) -> str:
        """Say what is gone."""
        return f"The group {obj} is deleted."


def group_crumbs(actor: Any, group: UserGroup) -> list[dict[str, str]]:
    """Return the tree, the organization, and its groups."""
    found = [*trail(actor, group.organization)]
    if is_allowed(group.organization, actor):
        base = group.organization.get_absolute_url()
        found.append({"label": f"{group.organization}", "url": base})
        found.append({"label": "Groups", "url": f"{base}groups/"})
    return found
