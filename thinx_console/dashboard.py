"""What the dashboard shows: first steps, figures, what is new, and what needs somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.selectors import link_targets
from builds.choices import UNFINISHED, BuildStatus
from builds.models import Build, Source
from devices.health import Look
from devices.models import Device
from devices.querysets import online_since, update_waiting, with_newest_build
from keys.models import ApiKey, EnvVar

ROWS = 6
EVENTS = 8
DAY = timedelta(days=1)
BROKEN = (BuildStatus.FAILED, BuildStatus.ERRORED)


@dataclass(frozen=True)
class View:
    """Whose dashboard it is, and the organization it is narrowed to, if it is."""

    actor: Any
    organization: Any = None

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what the actor may view of these rows, within the organization."""
        rows = queryset.allowed(self.actor)  # type: ignore[attr-defined]
        if not self.organization:
            return rows
        path = f"{queryset.model.scope_path}__path__startswith"  # type: ignore[attr-defined]
        return rows.filter(**{path: self.organization.path})


@dataclass(frozen=True)
class Step:
    """One of the five first steps, ticked when it is true."""

    title: str
    text: str
    url: str
    action: str
    done: bool


@dataclass(frozen=True)
class Tile:
    """One figure, leading to the rows that it counts."""

    label: str
    value: int
    icon: str
    url: str
    note: str = ""
    tone: str = ""


def first_steps(view: View) -> list[Step]:
    """Return the way from nothing to a device with firmware made here."""
    devices = view.rows(Device.objects.all())
    return [
        Step(
            "Create an API key",
            "Devices and scripts present it to be let in.",
            reverse("keys:apikey_list"),
            "Create a key",
            view.rows(ApiKey.objects.all()).exists(),
        ),
        Step(
            "Connect a device",
            "Put the key into a device library; the device registers by itself.",
            reverse("devices:device_list"),
            "See devices",
            devices.exists(),
        ),
        Step(
            "Add a repository",
            "Where the firmware's source code is; private ones get a deploy key.",
            reverse("builds:source_list"),
            "Add a source",
            view.rows(Source.objects.all()).exists(),
        ),
        Step(
            "Set its environment",
            "Wi-Fi, addresses, passwords: written into the firmware, not into the repository.",
            reverse("keys:envvar_list"),
            "Add a variable",
            view.rows(EnvVar.objects.all()).exists(),
        ),
        Step(
            "Build and update",
            "Press Build on a device, read the log, and see the device take it.",
            reverse("builds:build_list"),
            "See builds",
            devices.filter(state__installed_build__isnull=False).exists(),
        ),
    ]


def tiles(view: View) -> list[Tile]:
    """Return the figures at the top."""
    fleet = view.rows(Device.objects.all())
    seen = fleet.aggregate(
        total=Count("pk"),
        online=Count("pk", filter=Q(state__last_seen_at__gte=online_since())),
    )
    builds = view.rows(Build.objects.all())
    running = builds.filter(status__in=UNFINISHED).count()
    failed = builds.filter(status__in=BROKEN, finished_at__gte=timezone.now() - DAY).count()
    waiting = _outdated(view, fleet)
    offline = seen["total"] - seen["online"]
    devices, of_builds = reverse("devices:device_list"), reverse("builds:build_list")
    return [
        Tile("Devices", seen["total"], "cpu", devices),
        Tile(
            "Online",
            seen["online"],
            "wifi",
            f"{devices}?seen=online",
            f"{offline} offline" if offline else "",
        ),
        Tile(
            "Update waiting",
            waiting,
            "arrow-up",
            f"{devices}?firmware=waiting",
            tone="warning" if waiting else "",
        ),
        Tile(
            "Builds running",
            running,
            "hammer",
            f"{of_builds}?status=running",
            tone="running" if running else "",
        ),
        Tile(
            "Builds failed",
            failed,
            "circle-x",
            f"{of_builds}?status=broken",
            "in the last 24 hours",
            tone="error" if failed else "",
        ),
    ]


def newest_builds(view: View) -> list[Build]:
    """Return the builds started last."""
    rows = view.rows(Build.objects.select_related("source", "device"))
    return list(rows.order_by("-created_at", "-pk")[:ROWS])


def devices_in_need(view: View) -> list[Device]:
    """Return the devices that report trouble or are not heard of, the worst first.

    Each carries `need`, the word and colour of its reason.
    """
    silent = Q(state__last_seen_at__lt=online_since())
    reasons = (
        (Q(state__level="error") & ~silent, 0),
        (Q(state__offer_state="failed"), 1),
        (Q(state__level="warning") & ~silent, 2),
        (silent, 3),
    )
    whens = [When(rule, then=Value(rank)) for rule, rank in reasons]
    rank = Case(*whens, default=Value(9), output_field=IntegerField())
    rows = view.rows(Device.objects.select_related("state")).annotate(rank=rank)
    found = list(rows.filter(rank__lt=9).order_by("rank", "-state__last_seen_at", "pk")[:ROWS])
    for device in found:
        device.need = need_of(device)  # type: ignore[attr-defined]
    return found


def need_of(device: Any) -> Look:
    """Return why a device needs somebody; `rank` comes from the query that chose it."""
    if device.rank == 1:
        return Look("failed", "Update failed")
    return Look("offline") if device.rank == 3 else Look(device.state.level)


def newest_events(view: View) -> list[AuditEvent]:
    """Return what was recorded last, each with what it leads to."""
    rows = list(view.rows(AuditEvent.objects.all()).order_by("-at", "-pk")[:EVENTS])
    link_targets(view.actor, rows)
    return rows


def _outdated(view: View, fleet: QuerySet[Any]) -> int:
    """Count devices that wait for their newest build, asking only those that ever had one."""
    built = Build.objects.filter(status=BuildStatus.SUCCEEDED, device__isnull=False)
    with_builds = fleet.filter(pk__in=built.order_by().values("device"))
    return with_newest_build(with_builds).filter(update_waiting()).count()
