"""What devices have, as far as the console knows: confirmed pushes, else variables in force."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from core.exceptions import DomainError
from core.fields import Sealed
from devices.models import Device, MeshMember
from fleet.pushes.choices import ReceiptState
from fleet.pushes.constants import WIFI
from fleet.pushes.messages import check_values
from fleet.pushes.models import ConfigPush, ConfigReceipt
from keys.models import EnvVar

PORTION = 1000


@dataclass
class Kept:
    """Values of one device; `secret_names` are those that pages do not show."""

    values: dict[str, str] = field(default_factory=dict)
    secret_names: set[str] = field(default_factory=set)

    def take(self, name: str, value: str, *, is_secret: bool) -> None:
        """Keep a value unless a nearer one is kept already."""
        if name not in self.values:
            self.values[name] = value
            if is_secret:
                self.secret_names.add(name)


def portions(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield the items some at a time."""
    for start in range(0, len(items), PORTION):
        yield items[start : start + PORTION]


def known_values(
    device_ids: Collection[int],
    names: Collection[str],
    *,
    before: ConfigPush | None = None,
    visible: Any = None,
) -> dict[int, Kept]:
    """Return what each device was last confirmed to have of these variables.

    Else what is set for it: on the device, its meshes, its source, the organization. With
    `before`, what was confirmed before that push. `visible` narrows the variables whose values
    may be shown; the others count as secret. A few queries, however many devices.
    """
    found = {pk: Kept() for pk in device_ids}
    _confirmed(found, set(names), before)
    _in_force(found, set(names), visible)
    return found


def kept_before(push: Any, device_ids: Collection[int]) -> dict[int, Kept]:
    """Return what to give back to each device; devices of which nothing is known are left out."""
    found = known_values(device_ids, push.names, before=push)
    return {pk: kept for pk, kept in found.items() if _is_sendable(kept)}


def _is_sendable(kept: Kept) -> bool:
    if len({*WIFI} & kept.values.keys()) == 1:  # half a Wi-Fi is worse than none
        for name in WIFI:
            kept.values.pop(name, None)
    try:
        check_values(kept.values)
    except DomainError:
        return False
    return True


def _confirmed(found: dict[int, Kept], names: set[str], before: ConfigPush | None) -> None:
    rows = ConfigReceipt.objects.filter(device__in=found, state=ReceiptState.APPLIED)
    if before is not None:
        # One receipt for each device and push: whatever is older was there before it.
        earlier = ConfigReceipt.objects.filter(push=before).order_by("pk").values("pk")[:1]
        rows = rows.exclude(push=before).filter(pk__lt=earlier)
    newest = list(rows.order_by("-pk").values_list("device_id", "push_id", "variant_id"))
    pushes = ConfigPush.objects.filter(pk__in={push_id for _, push_id, _ in newest})
    opened = _opened(pushes.prefetch_related("variants"), names)
    for device_id, push_id, variant_id in newest:
        values, secret = opened.get((push_id, variant_id), ({}, set()))
        for name, value in values.items():
            found[device_id].take(name, value, is_secret=name in secret)


def _opened(pushes: Any, names: set[str]) -> dict[tuple[int, int | None], Any]:
    opened: dict[tuple[int, int | None], Any] = {}
    for push in pushes:
        for holder, variant in [(push, None), *((v, v.pk) for v in push.variants.all())]:
            if names & {*holder.names}:
                values = {n: v for n, v in holder.values().items() if n in names}
                opened[push.pk, variant] = (values, {*holder.secret_names})
    return opened


def _in_force(found: dict[int, Kept], names: set[str], visible: Any) -> None:
    """Fill in what is set nearest to each device, as keys.selectors.effective_variables."""
    rows = Device.objects.filter(pk__in=found).values_list("pk", "source_id", "organization_id")
    places = list(rows.order_by())
    members = MeshMember.objects.filter(device__in=found).order_by("mesh__mesh_id", "mesh")
    meshes: dict[int, list[int]] = {}
    for device_id, mesh_id in members.values_list("device_id", "mesh_id"):
        meshes.setdefault(device_id, []).append(mesh_id)
    by_place = _by_place(found, places, names, visible)
    for pk, source_id, organization_id in places:
        nearest = [("device", pk), *(("mesh", mesh) for mesh in meshes.get(pk, ()))]
        nearest += [("source", source_id), ("organization", organization_id)]
        for place in nearest:
            for name, value, is_secret in by_place.get(place, ()):
                found[pk].take(name, value, is_secret=is_secret)


def _by_place(
    found: dict[int, Kept], places: list[Any], names: set[str], visible: Any
) -> dict[tuple[str, int], list[tuple[str, str, bool]]]:
    in_meshes = MeshMember.objects.filter(device__in=found).values("mesh")
    sources = {source for _, source, _ in places if source}
    organizations = {organization for *_, organization in places}
    rule = Q(device__in=found) | Q(mesh__in=in_meshes) | Q(source__in=sources)
    rule |= Q(organization__in=organizations, source=None, mesh=None, device=None)
    variables = EnvVar.objects.filter(rule, organization__in=organizations, name__in=names)
    shown = None if visible is None else set(visible.values_list("pk", flat=True))
    by_place: dict[tuple[str, int], list[tuple[str, str, bool]]] = {}
    for variable in variables.order_by():
        place = (variable.level, getattr(variable, f"{variable.level}_id"))
        is_secret = variable.is_secret or (shown is not None and variable.pk not in shown)
        entry = (variable.name, _plain(variable.value), is_secret)
        by_place.setdefault(place, []).append(entry)
    return by_place


def _plain(value: Any) -> str:
    return value.reveal() if isinstance(value, Sealed) else f"{value}"
