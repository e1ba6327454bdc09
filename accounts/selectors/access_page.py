"""What the Access tab of an object shows: people, groups and API keys, each with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Count, Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, Organization, User, UserGroup
from accounts.selectors.access import (
    Reason,
    actions_on,
    in_words,
    organization_of,
    reasons_of,
    said,
)
from accounts.selectors.shares import Share, shares_of
from core.scoping import is_allowed, may_in

MAX_KEYS = 100


@dataclass
class AccessRow:
    """One person or group: what they may do, why, and their share if they hold one."""

    who: User | UserGroup
    words: str
    reasons: list[str]
    share: Share | None = None
    members: int = 0
    actions: frozenset[str] = frozenset()
    row_actions: list[Any] = field(default_factory=list)

    @property
    def uid(self) -> Any:
        """Return the public id of the person or group."""
        return self.who.uid

    def __str__(self) -> str:
        return f"{self.who}"


@dataclass(frozen=True)
class KeyRow:
    """One API key that reaches the object."""

    key: Any
    text: str
    words: str


def sees_everybody(actor: Actor, obj: Any) -> bool:
    """Tell whether the actor may see who else reaches the object; others see only themselves.

    Whoever may share the object; of an organization, whoever may see its members.
    """
    if isinstance(obj, Organization):
        return may_in(actor, Membership, "view", obj)
    return is_allowed(obj, actor, "share")


def may_words(obj: Any, actions: Iterable[str]) -> str:
    """Return the actions in words, "Everything" for all of them."""
    held, model = set(actions), type(obj)
    if held >= set(actions_on(model)):
        return "Everything"
    return in_words(model, held)


def person_rows(viewer: Actor, obj: Any, people: Sequence[User]) -> list[AccessRow]:
    """Return a row for each of these people. As many queries as for one."""
    reasons = reasons_of(people, obj, viewer)
    shares = {share.to: share for share in shares_of(obj) if isinstance(share.to, User)}
    return [_row(obj, person, reasons[person.pk], shares.get(person)) for person in people]


def group_rows(obj: Any) -> list[AccessRow]:
    """Return a row for each group that the object is shared with."""
    shares = [share for share in shares_of(obj) if isinstance(share.to, UserGroup)]
    pks = [share.to.pk for share in shares]
    counted = UserGroup.objects.filter(pk__in=pks).annotate(
        people=Count("group__user", filter=Q(group__user__is_active=True))
    )
    members = dict(counted.order_by().values_list("pk", "people")) if pks else {}
    rows = []
    for share in shares:
        by = f"Shared by {share.granted_by}" if share.granted_by else "Shared"
        reason = Reason(by, frozenset(share.actions), share.expires_at)
        row = _row(obj, share.to, [reason], share)
        row.members = members.get(share.to.pk, 0)
        rows.append(row)
    return rows


def key_rows(viewer: Actor, obj: Any) -> list[KeyRow]:
    """Return the live API keys that reach the object, of those that the viewer may see.

    A key for devices reaches devices; one for the REST API does what its person's role allows.
    """
    keys = apps.get_model("keys", "ApiKey")
    organization = organization_of(obj)
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows: Any = keys._default_manager
    rows = rows.allowed(viewer).filter(live, organization=organization, revoked_at=None)
    is_device = obj._meta.label_lower == "devices.device"
    reaching = Q(kind="automation", user__is_active=True)
    if is_device:
        reaching |= Q(kind="device", device=None) | Q(device=obj)
    found = rows.filter(reaching).select_related("user", "device").order_by("alias", "pk")
    found = list(found[:MAX_KEYS]) if organization.is_active else []
    holders = list({key.user_id: key.user for key in found if key.kind == "automation"}.values())
    reasons = reasons_of(holders, obj, viewer)
    return [row for key in found if (row := _key_row(obj, key, reasons)) is not None]


def _key_row(obj: Any, key: Any, reasons: dict[int, list[Reason]]) -> KeyRow | None:
    if key.device_id is not None:
        return KeyRow(key, "In the firmware of this device", "Check in as it")
    if key.kind == "device":
        return KeyRow(key, "For devices", "Check in as it")
    by_role = [reason for reason in reasons[key.user_id] if reason.by_role]
    held = frozenset().union(*(reason.actions for reason in by_role))
    if not held:
        return None
    why = f"Acts as {key.user}: {by_role[0].text}"
    return KeyRow(key, why, may_words(obj, held))


def _row(obj: Any, who: Any, reasons: list[Reason], share: Share | None) -> AccessRow:
    held = frozenset().union(*(reason.actions for reason in reasons))
    telling = [said(reason) for reason in reasons if reason.actions]
    return AccessRow(who, may_words(obj, held), telling, share, actions=held)
