"""Reads of configuration pushes and their receipts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Count

from accounts.models import Organization
from accounts.tree import paths_to
from core.views.selection import Selection
from devices.filters import DeviceFilterSet
from devices.models import Device, Mesh
from fleet.pushes.choices import ReceiptState
from fleet.pushes.models import ConfigPush, ConfigReceipt


def receipts_of(actor: Any, device: Device) -> Any:
    """Return what was ever sent to the device, newest first, as far as the actor may see it."""
    rows = ConfigReceipt.objects.allowed(actor).filter(device=device)
    return rows.select_related("push__created_by", "push__organization", "variant")


def receipts_in(actor: Any, push: ConfigPush) -> Any:
    """Return the receipts of a push, as far as the actor may see its devices.

    In the order of an index, however many there are: those that have it come last.
    """
    rows = ConfigReceipt.objects.allowed(actor).filter(push=push).order_by("-state", "-pk")
    return rows.select_related("device__organization", "variant", "push")


def counts_of(push: ConfigPush) -> dict[str, int]:
    """Return how many receipts there are of each state, in the order of the states."""
    if push.is_settled:
        return push.counts
    rows = ConfigReceipt.objects.filter(push=push).order_by().values_list("state")
    found = dict(rows.annotate(count=Count("pk")))
    return {state: found[state] for state in ReceiptState.values if state in found}


def needs_review(organization: Organization) -> bool:
    """Tell whether a second person has to approve pushes here: its own rule, or one above."""
    rows = Organization.objects.filter(path__in=paths_to(organization.path), reviews_pushes=True)
    return rows.exists()


def chosen_of(push: ConfigPush) -> Selection:
    """Return the devices as they were chosen in a list."""
    return Selection.stored(push.selection)


def chosen_devices(actor: Any, push: ConfigPush, action: str = "configure") -> Any:
    """Return the devices that were chosen for a push, as far as the actor may do this to them.

    They are of its organization or below; what is not understood matches nothing.
    """
    inside = Device.objects.allowed(actor, action).filter(
        organization__path__startswith=push.organization.path, organization__is_active=True
    )
    return chosen_of(push).among(inside, DeviceFilterSet, SimpleNamespace(actor=actor)).order_by()


def selection_words(actor: Any, push: ConfigPush) -> str:
    """Return in words which devices were chosen."""
    chosen = chosen_of(push)
    if push.reverts_id:
        return "The devices that got the push which this one reverts."
    if chosen.query is None:
        count = len(chosen.uids)
        return "1 device, chosen by hand." if count == 1 else f"{count:,} devices, chosen by hand."
    asked = [(name, value) for name, value in parse_qsl(chosen.query) if value]
    if not asked:
        return f"Every device of {push.organization}."
    if [name for name, _ in asked] == ["mesh"]:
        mesh = Mesh.objects.allowed(actor).filter(uid=asked[0][1]).first()
        return f"Every device of the mesh {mesh}." if mesh else "A mesh that you may not see."
    return "Every device that matches: " + ", ".join(f"{n} = {v}" for n, v in asked) + "."
