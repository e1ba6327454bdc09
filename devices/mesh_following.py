"""Dynamic meshes follow their rules: two statements find who joins and who leaves.

`Mesh.due_at` says when a mesh is looked at next. Changes made here make it due at once, a rule on
what moves by itself is due all the time, and every rule once a minute, whatever was missed. A
mesh that takes long to look at rests nine times as long.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from core.jobs import changed_on_commit
from devices.constants import MAX_MESHES
from devices.mesh_rules import devices_by_rule, is_restless
from devices.mesh_services import keep_mesh_ids, lock_devices, portions_of
from devices.models import Mesh, MeshMember

FOLLOW_TASK = "devices.follow_rules"
AT_MOST = 200
LEASE = timedelta(minutes=2)
RESTLESS_EVERY = timedelta(seconds=1)
QUIET_EVERY = timedelta(minutes=1)
REST = 9


def meshes_follow() -> int:
    """Look at every mesh that is due; return how many were. A task calls it every second."""
    due = Mesh.objects.exclude(rule="").filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    return sum(_take(mesh) for mesh in due.select_related("organization")[:AT_MOST])


def mesh_follow(mesh: Mesh) -> tuple[int, int]:
    """Bring the members in line with the rule; return how many joined and left.

    Told to open pages, not audited: the rule is, and who is in follows from it.
    """
    wanted = devices_by_rule(mesh.organization, mesh.rule).values("pk")
    members = MeshMember.objects.filter(mesh=mesh)
    leaving = list(members.exclude(device__in=wanted).values_list("device", flat=True))
    joining = list(wanted.exclude(pk__in=members.values("device")).values_list("pk", flat=True))
    left = sum(_move(mesh, pks, _leave) for pks in portions_of(sorted(leaving)))
    joined = sum(_move(mesh, pks, _join) for pks in portions_of(sorted(joining)))
    return joined, left


def _take(mesh: Mesh) -> bool:
    """Look at a mesh, if no other worker does."""
    mine = Mesh.objects.filter(pk=mesh.pk, due_at=mesh.due_at)
    lease = timezone.now() + LEASE
    if not mine.update(due_at=lease):
        return False
    began = time.monotonic()
    mesh_follow(mesh)
    took = timedelta(seconds=time.monotonic() - began)
    pause = RESTLESS_EVERY if is_restless(mesh.rule) else QUIET_EVERY
    # Unless a change made it due again in between.
    Mesh.objects.filter(pk=mesh.pk, due_at=lease).update(
        due_at=timezone.now() + max(pause, took * REST)
    )
    return True


@transaction.atomic
def _move(mesh: Mesh, pks: list[int], move: Any) -> int:
    lock_devices(pks)
    # It may have become another rule, or none, since these were found.
    if not Mesh.objects.filter(pk=mesh.pk, rule=mesh.rule).exists():
        return 0
    moved = move(mesh, pks)
    keep_mesh_ids(pks)
    changed_on_commit(mesh, f"org.{mesh.organization.uid}")
    return moved


def _leave(mesh: Mesh, pks: list[int]) -> int:
    return MeshMember.objects.filter(mesh=mesh, device__in=pks).delete()[0]


def _join(mesh: Mesh, pks: list[int]) -> int:
    """Put these in, but for those that are in as many meshes as a device may be."""
    full = MeshMember.objects.filter(device__in=pks).values("device").annotate(n=Count("pk"))
    left_out = set(full.filter(n__gte=MAX_MESHES).values_list("device", flat=True))
    rows = [MeshMember(mesh=mesh, device_id=pk) for pk in pks if pk not in left_out]
    MeshMember.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
