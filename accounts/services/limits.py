"""Limits of organizations: how many devices, builds at once, and megabytes of artifacts.

A limit holds for an organization together with everything below it. What is counted belongs to
higher apps, which register their counters here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction

from accounts.actor import Actor
from accounts.models import Organization
from accounts.organization_events import LimitsChanged
from accounts.tree import locked, parent_of, paths_above, paths_to
from audit.recorder import record
from core.exceptions import Forbidden, QuotaExceeded
from core.scoping import is_allowed

Counter = Callable[[str], int]
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class LimitKind:
    """One thing that can be limited: its column, words for people, and how many units make one."""

    slug: str
    field: str
    label: str
    one: str
    many: str
    advice: str
    scale: int = 1


KINDS = {
    kind.slug: kind
    for kind in (
        LimitKind(
            "devices",
            "max_devices",
            "Devices",
            "device",
            "devices",
            "Delete devices or ask for more.",
        ),
        LimitKind(
            "builds",
            "max_concurrent_builds",
            "Builds at once",
            "build at once",
            "builds at once",
            "Wait until one is over, or cancel one.",
        ),
        LimitKind(
            "storage",
            "max_storage_mb",
            "Storage",
            "MB of artifacts",
            "MB of artifacts",
            "Delete builds that you no longer need.",
            scale=MEGABYTE,
        ),
    )
}
FIELDS = tuple(kind.field for kind in KINDS.values())
_counters: dict[str, Counter] = {}


@dataclass(frozen=True)
class Usage:
    """How much of one limit is used; `limit` is None where nothing limits."""

    kind: LimitKind
    used: int
    limit: int | None
    holder: Organization | None

    @property
    def percent(self) -> int:
        """Return how full it is, for the bar."""
        if not self.limit:
            return 100 if self.limit == 0 else 0
        return min(100, round(100 * self.used / self.limit))

    @property
    def tone(self) -> str:
        """Return the colour of the bar."""
        return "error" if self.percent >= 100 else "warning" if self.percent >= 80 else "ok"


def count_by(slug: str, counter: Counter) -> None:
    """Register how one kind is counted: a function of the tree path of an organization.

    Storage is counted in bytes.
    """
    if slug not in KINDS:
        raise ValueError(f"there is no limit {slug!r}")
    _counters[slug] = counter


def require_room(
    organization: Organization,
    slug: str,
    adding: int = 1,
    *,
    except_at: Collection[str] = (),
) -> None:
    """Refuse what would go past a limit of the organization or of one above it.

    Call it inside the transaction that adds: it locks the organizations that have a limit, so
    that of two at once the second sees what the first has added. Nothing limited costs one query.
    Raises QuotaExceeded (accounts.limit_reached).
    """
    kind = KINDS[slug]
    paths = set(paths_to(organization.path)) - set(except_at)
    limited = Organization.objects.filter(path__in=paths, **{f"{kind.field}__isnull": False})
    for holder in limited.order_by("path").select_for_update(no_key=True):
        limit = getattr(holder, kind.field)
        if _counters[slug](holder.path) + adding > limit * kind.scale:
            raise QuotaExceeded(
                "accounts.limit_reached",
                f"{holder} may have {limit:,} {kind.one if limit == 1 else kind.many}, and that is "
                f"reached. {kind.advice}",
                limit=limit,
                kind=slug,
            )


def limits_require_move(organization: Organization, parent: Organization) -> None:
    """Refuse a move below organizations whose limits what moves would break."""
    before = paths_above(organization.path)
    for slug, counter in _counters.items():
        adding = counter(organization.path)
        if adding:
            require_room(parent, slug, adding, except_at=before)


def usage_of(organization: Organization) -> list[Usage]:
    """Return the usage of each kind beside the limit that leaves the least room."""
    paths = paths_to(organization.path)
    holders = list(Organization.objects.filter(path__in=paths).order_by("path"))
    return [_tightest(kind, organization, holders) for kind in KINDS.values()]


def may_limit(actor: Actor, organization: Organization) -> bool:
    """Tell whether the actor may set the limits: an operator, or who holds `limit` above it."""
    if actor.is_unrestricted:
        return True
    parent = parent_of(organization)
    return parent is not None and is_allowed(parent, actor, "limit")


@transaction.atomic
def organization_limit(
    actor: Actor, *, organization: Organization, **limits: int | None
) -> Organization:
    """Set the limits of an organization; None lifts one. What is there already stays. Audits.

    Raises Forbidden (accounts.may_not_limit): nobody sets the limits of their own.
    """
    unknown = limits.keys() - {*FIELDS}
    if unknown:
        raise TypeError(f"not limits: {', '.join(sorted(unknown))}")
    (organization,) = locked(organization)
    if not may_limit(actor, organization):
        raise Forbidden(
            "accounts.may_not_limit",
            f"The limits of {organization} are set by admins of the organization above it, or by "
            "the operators of this console.",
        )
    changes = {
        name: {"before": getattr(organization, name), "after": value}
        for name, value in limits.items()
        if getattr(organization, name) != value
    }
    if changes:
        for name, value in limits.items():
            setattr(organization, name, value)
        organization.full_clean(exclude=["path", "depth", "numchild"])
        organization.save(update_fields=[*changes])
        record(actor, LimitsChanged, organization, organization=organization, changes=changes)
    return organization


def _tightest(kind: LimitKind, organization: Organization, holders: list[Organization]) -> Usage:
    counter = _counters.get(kind.slug)
    if counter is None:
        return Usage(kind, 0, None, None)
    limited = [
        (limit - counter(holder.path) // kind.scale, limit, holder)
        for holder in holders
        if (limit := getattr(holder, kind.field)) is not None
    ]
    if not limited:
        return Usage(kind, counter(organization.path) // kind.scale, None, None)
    room, limit, holder = min(limited, key=lambda entry: entry[0])
    return Usage(kind, limit - room, limit, holder)
