"""Puts many devices into a mesh, and takes them out of one."""

from __future__ import annotations

from typing import Any

from devices.mesh_forms import MeshChoiceForm
from devices.mesh_services import mesh_attach, mesh_detach
from devices.models import Mesh
from fleet.bulk.registry import BulkAction, bulk_actions


class OneMesh(BulkAction):
    """What joining and leaving have in common: one mesh, which one may change."""

    form_class = MeshChoiceForm

    def narrow(self, form: Any, actor: Any) -> None:
        """Offer the meshes that the actor may change."""
        meshes = (
            Mesh.objects.allowed(actor, "change").filter(rule="").select_related("organization")
        )
        form.fields["mesh"].queryset = meshes.order_by("alias", "pk")


@bulk_actions.register
class AttachToMesh(OneMesh):
    """Devices learn of it at their next check-in."""

    slug = "mesh-attach"
    label = "Attach to mesh"
    icon = "topology-star-3"
    order = 110
    question = "Attach to a mesh"
    done_word = "attached"

    def perform(self, actor: Any, device: Any, *, mesh: Mesh) -> str | None:
        """Call the service."""
        is_new = mesh_attach(actor, mesh=mesh, device=device)
        return None if is_new else "It is in the mesh already."


@bulk_actions.register
class DetachFromMesh(OneMesh):
    """Devices may not use its topic any more, within seconds."""

    slug = "mesh-detach"
    label = "Detach from mesh"
    icon = "x"
    order = 111
    question = "Detach from a mesh"
    done_word = "detached"

    def perform(self, actor: Any, device: Any, *, mesh: Mesh) -> str | None:
        """Call the service."""
        was_in = mesh_detach(actor, mesh=mesh, device=device)
        return None if was_in else "It is not in the mesh."
