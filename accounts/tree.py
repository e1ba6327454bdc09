"""Paths in the tree of organizations: above, below, and how deep it may get."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import Organization

STEP = Organization.steplen
MAX_DEPTH = 12


def paths_to(path: str) -> list[str]:
    """Return the paths of all nodes from the root down to this one, itself included."""
    return [path[:end] for end in range(STEP, len(path) + 1, STEP)]


def paths_above(path: str) -> list[str]:
    """Return the paths of all ancestors, the root first."""
    return paths_to(path)[:-1]


def at_or_above(organization: Organization, prefix: str = "") -> Q:
    """Return the condition of an organization and its ancestors; `prefix` leads to them."""
    return Q(**{f"{prefix}path__in": paths_to(organization.path)})


def at_or_below(organization: Organization, prefix: str = "") -> Q:
    """Return the condition of an organization and everything below it."""
    return Q(**{f"{prefix}path__startswith": organization.path})


def kin(organization: Organization, prefix: str = "") -> Q:
    """Return the condition of everything above, at and below an organization."""
    return at_or_above(organization, prefix) | at_or_below(organization, prefix)


def parent_of(organization: Organization) -> Organization | None:
    """Return the organization right above, if there is one."""
    above = paths_above(organization.path)
    return Organization.objects.filter(path=above[-1]).first() if above else None


def locked(*organizations: Organization) -> list[Organization]:
    """Lock the organizations with all above them, in one order, until the transaction ends.

    Returns each organization as it is now: its place may have changed meanwhile.
    """
    wanted = [organization.pk for organization in organizations]
    paths: set[str] = set()
    for path in Organization.objects.filter(pk__in=wanted).values_list("path", flat=True):
        paths.update(paths_to(path))
    rows: QuerySet[Organization] = Organization.objects.filter(path__in=paths).order_by("path")
    found = {row.pk: row for row in rows.select_for_update(no_key=True)}
    return [found[pk] for pk in wanted]
