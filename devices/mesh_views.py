"""Console pages of meshes, and of the meshes that a device is in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.views.sharing import ACCESS_TAB, SHARE_ACTION, register_sharing
from audit.tabs import AUDIT_TAB, AuditTab
from core.exceptions import DomainError
from core.scoping import get_allowed, is_allowed
from core.views import (
    Action,
    BulkDeleteView,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectDeleteView,
    ObjectEditView,
    ObjectListView,
    ObjectTabView,
    ObjectView,
    Tab,
    register_model_view,
)
from core.views.actions import attach_row_actions, object_actions
from core.views.edit import add_errors
from devices import mesh_services as services
from devices.consequences import mesh_consequences
from devices.filters import MeshFilterSet
from devices.mesh_forms import (
    AttachDevicesForm,
    DeviceMeshesForm,
    MeshForm,
    read_uid,
)
from devices.mesh_rules import clean_rule, preview_of, rule_in_words
from devices.models import Device, Mesh
from devices.querysets import with_device_count
from devices.tables import EnvironmentTable, MemberTable, MeshTable
from devices.views.listing import LISTED
from keys.models import EnvVar
from keys.selectors import EffectiveVariable

ROWS = with_device_count(Mesh.objects.select_related("organization"))
MESH_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    Action(
        "Attach devices",
        "attach",
        permission="change",
        icon="plus",
        style="primary",
        shown=lambda mesh: not mesh.is_dynamic,
    ),
    Action("Delete", "delete", icon="trash", style="danger"),
)


@register_model_view(Mesh, "list", detail=False)
class MeshListView(ObjectListView):
    """Every mesh that the reader may see."""

    queryset = ROWS
    filterset_class = MeshFilterSet
    table_class = MeshTable
    row_actions = MESH_ACTIONS
    actions = (Action("Add mesh", "add", icon="plus", style="primary"),)
    bulk_actions = (Action("Delete", "bulk_delete", icon="trash", style="danger"),)
    empty = EmptyState(
        "No meshes yet",
        "A mesh is a group of devices that share an MQTT topic: what one of them publishes there, "
        "the others receive. Devices learn of it at their next check-in.",
        icon="topology-star-3",
        button="Add mesh",
    )


class MeshPage(ObjectView):
    """What every tab of a mesh shows: its topic, buttons, facts."""

    queryset = ROWS
    live_models = "devices.mesh"
    actions = (*MESH_ACTIONS, SHARE_ACTION)
    tabs = (
        Tab("Devices"),
        Tab("Environment", "environment", needs=EnvVar),
        ACCESS_TAB,
        AUDIT_TAB,
    )

    def lead(self, obj: Any) -> str:
        """Return what people wrote about it."""
        return obj.description

    def facts(self, obj: Any) -> list[Fact]:
        """Return the topic and what it is called."""
        return [
            Fact("Mesh id", obj.mesh_id, mono=True, copy=True),
            Fact("Topic", obj.topic, mono=True, copy=True),
            Fact("Devices", f"{obj.device_count:,}"),
            *self._rule(obj),
            Fact("Organization", obj.organization),
            Fact("Added", time=obj.created_at),
        ]

    def _rule(self, obj: Any) -> list[Fact]:
        if not obj.is_dynamic:
            return [Fact("Members", "Attached by hand")]
        url = f"{reverse('devices:device_list')}?{obj.rule}"
        return [Fact("Members", f"By rule: {rule_in_words(self.actor, obj.rule)}", url=url)]


register_sharing(Mesh, MeshPage)


@register_model_view(Mesh)
class MeshView(MeshPage, ObjectTabView):
    """The devices in the mesh."""

    table_class = MemberTable
    empty_title = "No devices in this mesh"
    empty_text = "Attach devices here, or select many in the list of devices."

    def rows(self, obj: Any) -> Any:
        """Return the devices."""
        return LISTED.allowed(self.actor).filter(meshes=obj)

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the button that takes a device out."""
        context = super().extra_context(obj)
        detach = Action(
            "Detach",
            "mesh_detach",
            permission="change",
            icon="x",
            query=lambda _: f"mesh={obj.uid}",
        )
        if not obj.is_dynamic and is_allowed(obj, self.actor, "change"):
            rows = [row.record for row in context["table"].paginated_rows]
            attach_row_actions((detach,), rows, self.actor)
        return context


@register_model_view(Mesh, "environment")
class MeshEnvironmentView(MeshPage, ObjectTabView):
    """The variables that the devices in the mesh get."""

    tab = "environment"
    template_name = "devices/environment_tab.html"
    table_class = EnvironmentTable
    empty_title = "No variables"
    empty_text = "What you set here is written into the firmware of the devices in this mesh."

    def rows(self, obj: Any) -> Any:
        """Return the variables of this level, by name."""
        found = EnvVar.objects.allowed(self.actor).filter(mesh=obj).order_by("name")
        return [EffectiveVariable(variable.name, variable, "mesh") for variable in found]

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the button that adds one here."""
        query = f"mesh={obj.uid}"
        add = Action("Add variable", "add", icon="plus", model=EnvVar, query=lambda _: query)
        buttons = object_actions((add,), obj, self.actor)
        return {**super().extra_context(obj), "tab_actions": buttons}


@register_model_view(Mesh, "audit")
class MeshAuditView(MeshPage, AuditTab):
    """What was recorded about the mesh; who joined stands with the devices."""


@register_model_view(Mesh, "add", detail=False)
@register_model_view(Mesh, "edit")
class MeshEditView(ObjectEditView):
    """Adds or changes a mesh."""

    queryset = Mesh.objects.select_related("organization")
    form_class = MeshForm
    template_name = "devices/mesh_edit.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show who would be in when that is all that is asked."""
        if "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        obj = self._object()
        form = self.make_form(obj, request.POST)
        if form.is_valid():
            organization = obj.organization if obj is not None else self.organization()
            try:
                rule = clean_rule(self.actor, form.cleaned_data["rule"])
                form.preview = preview_of(self.actor, organization, rule, obj) if rule else None
            except DomainError as error:
                add_errors(form, error)
            else:
                if not rule:
                    form.add_error("rule", "Write a rule to see who would be in.")
        return self._page(form, obj)

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        if obj is not None:
            return services.mesh_edit(self.actor, mesh=obj, **form.cleaned_data)
        return services.mesh_create(
            self.actor, organization=self.organization(), **form.cleaned_data
        )


@register_model_view(Mesh, "delete")
class MeshDeleteView(ObjectDeleteView):
    """Deletes a mesh after saying who loses it."""

    queryset = Mesh.objects.select_related("organization")
    service = services.mesh_delete
    argument = "mesh"

    def consequences(self, obj: Any) -> list[str]:
        """Say what becomes of its devices."""
        return mesh_consequences([obj])


@register_model_view(Mesh, "bulk_delete", detail=False)
class MeshBulkDeleteView(BulkDeleteView):
    """Deletes the selected meshes."""

    queryset = Mesh.objects.select_related("organization")
    filterset_class = MeshFilterSet

    def consequences(self, rows: list[Any]) -> list[str]:
        """Say what becomes of their devices."""
        return mesh_consequences(rows)

    def perform(self, obj: Any) -> None:
        """Call the service."""
        services.mesh_delete(self.actor, mesh=obj)


@register_model_view(Mesh, "attach")
class MeshAttachView(ObjectActionView):
    """Puts devices, by their names, into a mesh."""

    queryset = Mesh.objects.select_related("organization")
    action = "change"
    form_class = AttachDevicesForm
    title = "Attach devices to {}"
    submit_label = "Attach"

    def make_form(self, obj: Any, data: Any) -> Any:
        """Return the form that knows the devices of the organization which one may change."""
        form = super().make_form(obj, data)
        devices = Device.objects.allowed(self.actor, "change")
        form.fields["devices"].queryset = devices.filter(organization=obj.organization)
        return form

    def perform(self, obj: Any, form: Any) -> int:
        """Call the service for each; return how many were new."""
        return services.mesh_attach_all(self.actor, mesh=obj, devices=form.cleaned_data["devices"])

    def done(self, obj: Any, result: int) -> HttpResponse:
        """Return to the mesh, saying how many joined."""
        joined = "1 device is" if result == 1 else f"{result} devices are"
        messages.success(self.request, f"{joined} attached to {obj}.")
        return redirect(obj.get_absolute_url())


@register_model_view(Device, "meshes")
class DeviceMeshesView(ObjectActionView):
    """Chooses the meshes of one device."""

    queryset = Device.objects.select_related("organization")
    action = "change"
    form_class = DeviceMeshesForm
    title = "Meshes of {}"
    chosen_among = "meshes"
    submit_label = "Save"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Tick those that the device is in."""
        return {"initial": {"meshes": [mesh.uid for mesh in obj.meshes.all()]}}

    def make_form(self, obj: Any, data: Any) -> Any:
        """Return the form that offers what one may change; a device stays in all others."""
        form = super().make_form(obj, data)
        meshes = Mesh.objects.allowed(self.actor, "change").filter(
            organization=obj.organization, rule=""
        )
        form.fields["meshes"].queryset = meshes.select_related("organization").order_by(
            "alias", "pk"
        )
        return form

    def consequences(self, obj: Any) -> list[str]:
        """Say when it takes effect."""
        return [
            "The device is told at its next check-in. Over MQTT it may use the topics of its "
            "meshes, and no longer those of others, within five seconds."
        ]

    def perform(self, obj: Any, form: Any) -> None:
        """Call the service."""
        services.device_set_meshes(
            self.actor,
            device=obj,
            meshes=form.cleaned_data["meshes"],
            among=form.fields["meshes"].queryset,
        )

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Return to the device."""
        messages.success(self.request, f"The meshes of {obj} are saved.")
        return redirect(obj.get_absolute_url())


@register_model_view(Device, "mesh_detach")
class DeviceMeshDetachView(ObjectActionView):
    """Takes a device out of the mesh `?mesh=<uid>`."""

    queryset = Device.objects.select_related("organization")
    action = "change"
    submit_label = "Detach"

    def get_one(self, action: str) -> Any:
        """Return the device; 404 unless it is in the mesh, which one may change as well."""
        rows = Mesh.objects.select_related("organization")
        uid = read_uid(self.request.GET.get("mesh", ""))
        joined = {"members__device__uid": self.kwargs["uid"]}
        self.mesh = get_allowed(rows, self.actor, action, uid=uid, **joined)
        return super().get_one(action)

    def consequences(self, obj: Any) -> list[str]:
        """Name the mesh."""
        return [f"It leaves {self.mesh} and may not use its topic any more, within five seconds."]

    def perform(self, obj: Any, form: Any) -> None:
        """Call the service."""
        services.mesh_detach(self.actor, mesh=self.mesh, device=obj)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Return to the mesh."""
        messages.success(self.request, f"{obj} is detached from {self.mesh}.")
        return redirect(self.mesh.get_absolute_url())
