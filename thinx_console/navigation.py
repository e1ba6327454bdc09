"""The sidebar and the organization switch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.models import Organization

SESSION_KEY = "organization"


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar: its list view, and which URL names light it up."""

    label: str
    url_name: str
    icon: str
    prefix: str


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Fleet",
        (
            Entry("Dashboard", "dashboard", "layout-dashboard", "dashboard"),
            Entry("Devices", "devices:device_list", "cpu", "devices:device"),
        ),
    ),
    (
        "Firmware",
        (
            Entry("Sources", "builds:source_list", "git-branch", "builds:source"),
            Entry("Builds", "builds:build_list", "hammer", "builds:build"),
        ),
    ),
    (
        "Access",
        (
            Entry("API keys", "keys:apikey_list", "key", "keys:apikey"),
            Entry("Deploy keys", "keys:deploykey_list", "lock", "keys:deploykey"),
            Entry("Environment", "keys:envvar_list", "variable", "keys:envvar"),
        ),
    ),
    ("Record", (Entry("Audit log", "audit:auditevent_list", "history", "audit:auditevent"),)),
)


@dataclass
class Group:
    """A heading of the sidebar with its entries."""

    label: str
    items: list[dict[str, Any]] = field(default_factory=list)


def navigation_for(request: HttpRequest) -> dict[str, Any]:
    """Return the sidebar with the current entry marked, and the organizations to switch to."""
    current = request.resolver_match.view_name if request.resolver_match else ""
    organizations = list(reachable_organizations(request))
    return {
        "nav": [_group(label, entries, current) for label, entries in GROUPS],
        "organizations": organizations,
        "organization": current_organization(request, organizations),
    }


def reachable_organizations(request: HttpRequest) -> Any:
    """Return the organizations that the actor may view, personal ones first."""
    allowed = Organization.objects.allowed(request.actor)  # type: ignore[attr-defined]
    return allowed.order_by("-is_personal", "path")[:200]


def current_organization(
    request: HttpRequest, organizations: list[Organization] | None = None
) -> Organization | None:
    """Return the organization chosen in this session, or the first one."""
    found = organizations if organizations is not None else list(reachable_organizations(request))
    chosen = request.session.get(SESSION_KEY)
    for organization in found:
        if f"{organization.uid}" == chosen:
            return organization
    return found[0] if found else None


def _group(label: str, entries: tuple[Entry, ...], current: str) -> Group:
    items = []
    for entry in entries:
        active = current == entry.prefix or current.startswith(f"{entry.prefix}_")
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        items.append(
            {"label": entry.label, "url": url, "icon": entry.icon, "active": active, "count": None}
        )
    return Group(label, items)
