"""The sidebar and the organization switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts.selectors.organizations import MAX_SWITCH, has_more_organizations
from core.scoping import may_somewhere
from notifications.models import NotificationRule
from thinx_console.outbox.access import may_read_outbox


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar: its list view, and which URL names light it up.

    `shown` tells whether this actor sees it; without one, everybody does. `count_url` names the
    view of what calls for action there; it is asked again when a `count_model` changes.
    """

    label: str
    url_name: str
    icon: str
    prefix: str
    shown: Callable[[Any], bool] | None = None
    count_url: str = ""
    count_model: str = ""


def is_unrestricted(actor: Any) -> bool:
    """Tell whether this is a superuser whose session has shown a second factor."""
    return bool(actor.is_unrestricted)


def is_staff(actor: Any) -> bool:
    """Tell whether this is a member of staff, as themselves."""
    return bool(actor.user and actor.user.is_staff and actor.impersonator is None)


def may_see_rules(actor: Any) -> bool:
    """Tell whether this actor may see where some organization has news sent."""
    return may_somewhere(actor, NotificationRule, "view")


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Fleet",
        (
            Entry("Dashboard", "dashboard", "layout-dashboard", "dashboard"),
            Entry("Devices", "devices:device_list", "cpu", "devices:device"),
            Entry("Meshes", "devices:mesh_list", "topology-star-3", "devices:mesh"),
            Entry("Configuration", "fleet:configpush_list", "send", "fleet:configpush"),
            Entry("Bulk jobs", "fleet:bulkjob_list", "list-check", "fleet:bulkjob"),
            Entry(
                "Questions",
                "messaging:devicequestion_list",
                "message",
                "messaging:devicequestion",
                count_url="messaging:open_questions",
                count_model="messaging.devicequestion",
            ),
            Entry(
                "Transfers",
                "fleet:transferparty_list",
                "arrows-exchange",
                "fleet:transferparty",
            ),
        ),
    ),
    (
        "Firmware",
        (
            Entry("Sources", "builds:source_list", "git-branch", "builds:source"),
            Entry("Builds", "builds:build_list", "hammer", "builds:build"),
            Entry("Rollouts", "fleet:rollout_list", "rocket", "fleet:rollout"),
        ),
    ),
    (
        "Access",
        (
            Entry("API keys", "keys:apikey_list", "key", "keys:apikey"),
            Entry("Deploy keys", "keys:deploykey_list", "lock", "keys:deploykey"),
            Entry("Environment", "keys:envvar_list", "variable", "keys:envvar"),
            Entry("Shared", "accounts:shared_with_me", "share", "accounts:shared"),
        ),
    ),
    (
        "Automation",
        (
            Entry(
                "Transformers",
                "devices:statustransformer_list",
                "code",
                "devices:statustransformer",
            ),
        ),
    ),
    ("Record", (Entry("Audit log", "audit:auditevent_list", "history", "audit:auditevent"),)),
    (
        "Settings",
        (
            Entry(
                "Organizations", "accounts:organization_list", "building", "accounts:organization"
            ),
            Entry(
                "Notification rules",
                "notifications:notificationrule_list",
                "bell",
                "notifications:notificationrule",
                may_see_rules,
            ),
            Entry("Connect a device", "connect:page", "plug-connected", "connect:page"),
            Entry("REST API", "api:root", "code", "api:root"),
            Entry("People", "accounts:user_list", "users", "accounts:user", is_unrestricted),
            Entry("Django admin", "admin:index", "database", "admin:index", is_staff),
            Entry("Outbox", "outbox:message_list", "inbox", "outbox:message", may_read_outbox),
        ),
    ),
)


@dataclass
class Group:
    """A heading of the sidebar with its entries."""

    label: str
    items: list[dict[str, Any]] = field(default_factory=list)


def navigation_for(request: HttpRequest) -> dict[str, Any]:
    """Return the sidebar with the current entry marked, and the organizations to switch to."""
    current = request.resolver_match.view_name if request.resolver_match else ""
    return {
        "nav": [_group(label, entries, current, request) for label, entries in GROUPS],
        "organizations": request.organizations[:MAX_SWITCH],  # type: ignore[attr-defined]
        "more_organizations": has_more_organizations(request),
        "organization": request.home_organization,  # type: ignore[attr-defined]
        "narrowed": bool(request.organization),  # type: ignore[attr-defined]
    }


def _group(label: str, entries: tuple[Entry, ...], current: str, request: HttpRequest) -> Group:
    items = []
    for entry in entries:
        if entry.shown is not None and not entry.shown(request.actor):  # type: ignore[attr-defined]
            continue
        active = current == entry.prefix or current.startswith(f"{entry.prefix}_")
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        items.append(
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "active": active,
                "count_url": reverse(entry.count_url) if entry.count_url else "",
                "count_model": entry.count_model,
            }
        )
    return Group(label, items)
