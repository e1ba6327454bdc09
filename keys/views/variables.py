"""Console pages of environment variables."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.views import (
    Action,
    BulkDeleteView,
    EmptyState,
    Fact,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectView,
    Tab,
    register_model_view,
)
from keys import forms, services
from keys.consequences import env_var_consequences
from keys.filters import EnvVarFilterSet
from keys.models import EnvVar
from keys.tables import EnvVarTable
from keys.views.traces import no_traces

ENV_VARS = EnvVar.objects.select_related("organization", "source", "mesh", "device", "updated_by")
VARIABLE_ACTIONS = (
    Action("Change value", "edit", permission="change", icon="edit", style="primary"),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(EnvVar, "list", detail=False)
class EnvVarListView(ObjectListView):
    """Every variable of every level."""

    queryset = ENV_VARS
    filterset_class = EnvVarFilterSet
    table_class = EnvVarTable
    title = "Environment"
    lead = (
        "Written into firmware at each build. The nearest level wins: device, mesh, source, "
        "organization."
    )
    actions = (
        Action("Import", "import", permission="add", icon="upload"),
        Action("Add variable", "add", icon="plus", style="primary"),
    )
    row_actions = VARIABLE_ACTIONS
    bulk_actions = (Action("Delete", "bulk_delete", icon="trash", style="danger"),)
    empty = EmptyState(
        "No variables yet",
        "Wi-Fi names, passwords, addresses: whatever a firmware needs and a repository must not "
        "hold. Set it once for everything, for one source, one mesh, or one device.",
        icon="variable",
        button="Add variable",
    )
    saved_views = (
        ("All", ""),
        ("Organization", "level=organization"),
        ("Sources", "level=source"),
        ("Meshes", "level=mesh"),
        ("Devices", "level=device"),
    )


class EnvVarPage:
    """What the pages of a variable have in common."""

    queryset = ENV_VARS
    tabs = (Tab("Overview"), ACCESS_TAB, AUDIT_TAB)
    actions = (*VARIABLE_ACTIONS, SHARE_ACTION)

    def crumbs(self, obj: EnvVar) -> list[dict[str, str]]:
        """Call the list what the sidebar calls it."""
        return [{"label": "Environment", "url": reverse("keys:envvar_list")}]


@register_model_view(EnvVar)
class EnvVarView(EnvVarPage, ObjectView):
    """One variable; a secret shows dots."""

    template_name = "keys/envvar.html"

    def facts(self, obj: EnvVar) -> list[Fact]:
        """Say where it holds and who set it."""
        return [
            Fact("Level", obj.level.capitalize()),
            Fact("Organization", obj.organization),
            Fact("Kind", "Secret" if obj.is_secret else "Plain"),
            Fact("Changed by", obj.updated_by),
            Fact("Changed", time=obj.updated_at),
        ]


register_sharing(EnvVar, EnvVarView)


@register_model_view(EnvVar, "audit")
class EnvVarAuditView(EnvVarPage, AuditTab):
    """Who changed the variable, and when; never to what."""


class LevelMixin:
    """The level that the address or the form names decides the organization."""

    def level(self, form: Any) -> dict[str, Any]:
        """Return organization, source, mesh and device as the services want them."""
        level = {name: form.cleaned_data[name] for name in ("source", "mesh", "device")}
        owner = next((found for found in level.values() if found), None)
        organization = owner.organization if owner else self.organization()  # type: ignore[attr-defined]
        return {"organization": organization, **level}

    def _place(self) -> str:
        is_preset = {"source", "mesh", "device"} & {*self.request.GET}  # type: ignore[attr-defined]
        return "" if is_preset else super()._place()  # type: ignore[misc]


@register_model_view(EnvVar, "add", detail=False)
@no_traces
class EnvVarCreateView(LevelMixin, ObjectEditView):
    """Set a variable that this level does not have yet."""

    queryset = ENV_VARS
    form_class = forms.EnvVarForm
    template_name = "keys/envvar_edit.html"
    create_title = "Add variable"

    def save(self, form: forms.EnvVarForm, obj: None) -> EnvVar:
        """Call the service."""
        data = form.cleaned_data
        return services.env_var_create(
            self.actor,
            name=data["name"],
            value=data["value"],
            is_secret=data["is_secret"],
            **self.level(form),
        )


@register_model_view(EnvVar, "edit")
@no_traces
class EnvVarEditView(ObjectEditView):
    """Give a variable another value."""

    queryset = ENV_VARS
    form_class = forms.EnvVarEditForm
    template_name = "keys/envvar_edit.html"

    def save(self, form: forms.EnvVarEditForm, obj: EnvVar) -> EnvVar:
        """Call the service, unless a secret's field was left empty to keep it."""
        data = form.cleaned_data
        if obj.is_secret and not data["value"]:
            return obj
        return services.env_var_set(
            self.actor,
            organization=obj.organization,
            name=obj.name,
            value=data["value"],
            is_secret=obj.is_secret or data["is_secret"],
            source=obj.source,
            mesh=obj.mesh,
            device=obj.device,
        )


@register_model_view(EnvVar, "import", detail=False)
@no_traces
class EnvVarImportView(LevelMixin, ObjectEditView):
    """Set many variables at once, all of them or none."""

    queryset = ENV_VARS
    form_class = forms.EnvVarImportForm
    template_name = "keys/envvar_edit.html"
    create_title = "Import variables"
    lead = "All of them are set, or none if a line is wrong."
    count = 0

    def save(self, form: forms.EnvVarImportForm, obj: None) -> EnvVar:
        """Call the service; the last variable stands for all of their level."""
        data = form.cleaned_data
        found = services.env_vars_import(
            self.actor, variables=data["text"], is_secret=data["is_secret"], **self.level(form)
        )
        self.count = len(found)
        return found[-1]

    def done(self, obj: EnvVar, *, created: bool) -> HttpResponse:
        """Go to the list."""
        noun = "variable is" if self.count == 1 else "variables are"
        messages.success(self.request, f"{self.count} {noun} set.")
        return redirect("keys:envvar_list")


@register_model_view(EnvVar, "delete")
class EnvVarDeleteView(ObjectDeleteView):
    """Delete a variable."""

    queryset = ENV_VARS
    title = "Delete {}?"
    submit_label = "Delete the variable"
    service = services.env_var_delete
    argument = "variable"

    def consequences(self, obj: EnvVar) -> list[str]:
        """Say what builds get instead."""
        return env_var_consequences([obj])


@register_model_view(EnvVar, "bulk_delete", detail=False)
class EnvVarBulkDeleteView(BulkDeleteView):
    """Delete several variables."""

    queryset = ENV_VARS
    filterset_class = EnvVarFilterSet

    def consequences(self, rows: list[EnvVar]) -> list[str]:
        """Say what builds get instead."""
        return env_var_consequences(rows)

    def perform(self, obj: EnvVar) -> None:
        """Call the service."""
        services.env_var_delete(self.actor, variable=obj)
