"""What the dashboard shows: first steps, figures, what is new, and what needs somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import Case, IntegerField, Model, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from accounts.actor import LITERAL_ORGANIZATIONS
from accounts.models import Organization
from audit.models import AuditEvent
from audit.selectors import link_targets
from builds.choices import UNFINISHED, BuildStatus
from builds.models import Build, Source
from core.scoping import may_in, may_somewhere
from core.views.registry import url_name
from devices import presence
from devices.health import ALARMS, Look, is_online
from devices.models import Device
from keys.models import ApiKey, EnvVar
from thinx_console.fleet import fleet_of

ROWS = 6
EVENTS = 8
DAY = timedelta(days=1)
BROKEN = (BuildStatus.FAILED, BuildStatus.ERRORED)


@dataclass(frozen=True)
class View:
    """Whose dashboard it is, and the organization it is narrowed to, if it is."""

    actor: Any
    organization: Any = None

    @cached_property
    def inside(self) -> Any:
        """Return the organization and those below it, as a list while they are few."""
        below = Organization.objects.filter(path__startswith=self.organization.path).order_by()
        ids = list(below.values_list("pk", flat=True)[: LITERAL_ORGANIZATIONS + 1])
        return ids if len(ids) <= LITERAL_ORGANIZATIONS else below.values("pk")

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what the actor may view of these rows, within the organization."""
        rows = queryset.allowed(self.actor).concealing(self.actor)  # type: ignore[attr-defined]
        if not self.organization:
            return rows
        path = f"{queryset.model.scope_path}__in"  # type: ignore[attr-defined]
        return rows.filter(**{path: self.inside})


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
            action="Create a key",
            **_added(view, ApiKey),
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
            action="Add a source",
            **_added(view, Source),
        ),
        Step(
            "Set its environment",
            "Wi-Fi, addresses, passwords: written into the firmware, not into the repository.",
            action="Add a variable",
            **_added(view, EnvVar),
        ),
        Step(
            "Build and update",
            "Press Build on a device, read the log, and see the device take it.",
            reverse("builds:build_list"),
            "See builds",
            devices.filter(state__installed_build__gt=0).exists(),
        ),
    ]


def _added(view: View, model: type[Model]) -> dict[str, Any]:
    """Tell whether there is one, and lead to the list, or to the form if one may add the first."""
    done = view.rows(model._default_manager.all()).exists()
    if view.organization:
        may_add = may_in(view.actor, model, "add", view.organization)
    else:
        may_add = may_somewhere(view.actor, model, "add")
    verb = "add" if may_add and not done else "list"
    return {"url": reverse(url_name(model, verb)), "done": done}


def tiles(view: View) -> list[Tile]:
    """Return the figures at the top."""
    fleet = fleet_of(view.rows(Device.objects.all()))
    builds = view.rows(Build.objects.all())
    running = builds.filter(status__in=UNFINISHED).count()
    failed = builds.filter(status__in=BROKEN, finished_at__gte=timezone.now() - DAY).count()
    away = [
        f"{count:,} {word}"
        for count, word in ((fleet.late, "late"), (fleet.offline, "offline"))
        if count
    ]
    devices, of_builds = reverse("devices:device_list"), reverse("builds:build_list")
    return [
        Tile("Devices", fleet.total, "cpu", devices),
        Tile(
            "Online",
            fleet.online,
            "wifi",
            f"{devices}?seen=online",
            " · ".join(away),
        ),
        Tile(
            "Warnings",
            fleet.warning,
            "alert-triangle",
            f"{devices}?level=warning",
            tone="warning" if fleet.warning else "",
        ),
        Tile(
            "Errors",
            fleet.error,
            "alert-circle",
            f"{devices}?level=error",
            tone="error" if fleet.error else "",
        ),
        Tile(
            "Update waiting",
            fleet.outdated,
            "arrow-up",
            f"{devices}?firmware=waiting",
            tone="warning" if fleet.outdated else "",
        ),
        Tile("Never built", fleet.never_built, "circle-dashed", f"{devices}?firmware=none"),
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

    Each carries `need`, the word and colour of its reason. Errors are asked for first, of which
    there is an index; of a large fleet they mostly fill the list, and nothing else is looked at.
    """
    rank = Case(
        When(state__offer_state="failed", then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    fleet = view.rows(Device.objects.select_related("state"))
    latest = ("-state__last_seen_at", "pk")
    ails = Q(state__level__in=ALARMS) | Q(state__offer_state="failed")
    heard = fleet.filter(ails, presence.online()).annotate(rank=rank)
    found: list[Device] = []
    for rows in (
        fleet.filter(presence.online(), state__level="error").order_by(*latest),
        heard.exclude(state__level="error").order_by("rank", *latest),
        fleet.filter(presence.offline()).order_by(*latest),
    ):
        found += rows[: ROWS - len(found)]
        if len(found) == ROWS:
            break
    for device in found:
        device.need = _need_of(device)  # type: ignore[attr-defined]
    return found


def _need_of(device: Any) -> Look:
    if not is_online(device.state):
        return Look("offline")
    if device.state.level != "error" and device.state.offer_state == "failed":
        return Look("failed", "Update failed")
    return Look(device.state.level)


def newest_events(view: View) -> list[AuditEvent]:
    """Return what was recorded last, each with what it leads to."""
    rows = list(view.rows(AuditEvent.objects.all()).order_by("-at", "-pk")[:EVENTS])
    link_targets(view.actor, rows)
    return rows
