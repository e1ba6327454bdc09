"""Who may do what with an object, and why: the words beside what `allowed()` decides.

`allowed()` alone decides; what is here explains it, and a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, Organization, User
from accounts.roles import held_role, known_permissions
from core.grants import counting, grant_tables
from core.scoping import is_allowed, may_in, perm_name

SUPERUSER = "Superuser with a second factor"
ABOVE = "an organization above"
BELOW = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
# What each action lets somebody do, as a sentence that goes on after "may".
WORDS = {
    "view": "see it",
    "change": "change it",
    "delete": "delete it",
    "build": "build firmware",
    "configure": "push configuration to it",
    "publish": "publish messages to it",
    "cancel": "stop it",
    "share": "share it",
    "move": "move it in the tree",
    "limit": "set its limits",
    "reveal": "reveal its value",
}
OF_MODEL = {
    "accounts.organization": {"add": "add organizations below it"},
    "builds.artifact": {"view": "see and download it"},
    "builds.build": {"view": "see it with its log"},
    "keys.apikey": {"delete": "revoke it"},
}


@dataclass(frozen=True)
class Reason:
    """One way by which somebody reaches an object: the actions it gives, and until when."""

    text: str
    actions: frozenset[str]
    until: datetime | None = None
    by_role: bool = False


@dataclass(frozen=True)
class Possible:
    """One action, whether somebody may do it, and why."""

    action: str
    words: str
    is_allowed: bool
    reasons: tuple[str, ...]


def organization_of(obj: Any) -> Organization:
    """Return what the object belongs to; an organization belongs to itself."""
    return obj if isinstance(obj, Organization) else obj.organization


def actions_on(model: type[Model]) -> tuple[str, ...]:
    """Return every action on one object of a model, as its Meta declares them.

    Adding is no action on an object, but on the organization that gets it.
    """
    own = tuple(codename.rpartition("_")[0] for codename, _ in model._meta.permissions)
    found = dict.fromkeys(("view", *model._meta.default_permissions, *own))
    return tuple(action for action in found if action != "add" or model is Organization)


def action_words(model: type[Model], action: str) -> str:
    """Return "change it" for `change`."""
    own = OF_MODEL.get(model._meta.label_lower, {})
    return own.get(action) or WORDS.get(action, action.replace("_", " "))


def in_words(model: type[Model], actions: Iterable[str]) -> str:
    """Return "See it, change it" for these actions, in the order of the model."""
    held = set(actions)
    words = [action_words(model, action) for action in actions_on(model) if action in held]
    text = ", ".join(words) or "nothing here"
    return text[:1].upper() + text[1:]


def day(moment: datetime) -> str:
    """Return "3 March", with the year when it is another one."""
    local = timezone.localtime(moment)
    year = f" {local.year}" if local.year != timezone.localtime().year else ""
    return f"{local.day} {local:%B}{year}"


def possibilities(viewer: Actor, obj: Any, user: User | None) -> list[Possible]:
    """Return every action on the object and whether the person may do it, computed by the rule.

    A second factor counts as shown. Nobody (None) may do nothing.
    """
    model = type(obj)
    actor = Actor.for_user(user, verified=True) if user is not None else Actor()
    reasons = reasons_of([user], obj, viewer)[user.pk] if user is not None else []
    return [
        Possible(
            action,
            action_words(model, action),
            is_allowed(obj, actor, action),
            tuple(said(reason) for reason in reasons if action in reason.actions),
        )
        for action in actions_on(model)
    ]


def possible_within(organization: Organization, user: User | None) -> list[tuple[str, str]]:
    """Return what the person could do with what belongs to the organization, kind by kind."""
    actor = Actor.for_user(user, verified=True) if user is not None else Actor()
    found = []
    for model in _belonging_models():
        verbs = [a for a in ("add", *actions_on(model)) if _declares(model, a)]
        held = [a for a in verbs if may_in(actor, model, a, organization)]
        if held:
            plural = f"{model._meta.verbose_name_plural}"
            words = ", ".join(action.replace("_", " ") for action in held)
            found.append((plural[:1].upper() + plural[1:], words))
    return sorted(found)


def _belonging_models() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if getattr(model, "scope_path", "") == "organization" and model._meta.default_permissions
    ]


def _declares(model: type[Model], action: str) -> bool:
    return perm_name(model, action) in known_permissions()


def reasons_of(
    people: Sequence[User], obj: Any, viewer: Actor | None = None
) -> dict[int, list[Reason]]:
    """Return why each of these people reaches the object, by primary key. At most four queries.

    Organizations that the viewer may not see are not named.
    """
    found: dict[int, list[Reason]] = {person.pk: [] for person in people}
    active = [person for person in people if person.is_active]
    every = frozenset(actions_on(type(obj)))
    for person in active:
        if person.is_superuser:
            found[person.pk].append(Reason(SUPERUSER, every))
    if active and organization_of(obj).is_active:
        for pk, reason in (*_by_role(active, obj, viewer), *_by_grant(active, obj)):
            found[pk].append(reason)
    return found


def said(reason: Reason) -> str:
    """Return the reason with its end."""
    return f"{reason.text} until {day(reason.until)}" if reason.until else reason.text


def people_reaching(obj: Any) -> QuerySet[User]:
    """Return everybody who reaches the object in any way, by e-mail address."""
    rule = Q(is_superuser=True, second_factor_at__isnull=False)
    if organization_of(obj).is_active:
        rule |= Q(pk__in=_memberships(obj).values("user"))
        tables = grant_tables(type(obj))
        if tables is not None:
            shared = counting(tables.user).filter(content_object=obj)
            groups = counting(tables.group).filter(content_object=obj)
            members = User.groups.through._default_manager.filter(
                group__in=groups.order_by().values("group")
            )
            rule |= Q(pk__in=shared.order_by().values("user")) | Q(pk__in=members.values("user"))
    return User.objects.filter(rule, is_active=True).order_by("email", "pk")


def own_end(actor: Actor, obj: Any, actions: Iterable[str]) -> datetime | None:
    """Return when the first of these actions ends for the actor themselves, None for never."""
    if actor.user is None or actor.is_unrestricted:
        return None
    reasons = reasons_of([actor.user], obj)[actor.user.pk]
    ends: list[datetime] = []
    for action in actions:
        until = [reason.until for reason in reasons if action in reason.actions]
        if until and None not in until:
            ends.append(max(moment for moment in until if moment is not None))
    return min(ends, default=None)


def _memberships(obj: Any) -> QuerySet[Membership]:
    """Return the roles held on the object's organization and on those above it."""
    path, step = organization_of(obj).path, Organization.steplen
    above = [path[:end] for end in range(step, len(path) + 1, step)]
    return Membership.objects.filter(organization__path__in=above, organization__is_active=True)


def _by_role(people: list[User], obj: Any, viewer: Actor | None) -> Iterable[tuple[int, Reason]]:
    model, every = type(obj), actions_on(type(obj))
    held = _memberships(obj).filter(user__in=people).select_related("organization", "custom_role")
    rows = list(held.order_by("organization__path"))
    names = _names_of(rows, obj, viewer) if rows else {}
    for row in rows:
        role = held_role(row.role, row.custom_role.actions if row.custom_role else None)
        actions = frozenset(a for a in every if role.contains(perm_name(model, a)))
        where = names.get(row.organization.path, ABOVE)
        text = f"{row.role_name} (custom role) of {where}" if row.custom_role else ""
        yield row.user_id, Reason(text or f"{row.role_name} of {where}", actions, by_role=True)


def _names_of(rows: list[Membership], obj: Any, viewer: Actor | None) -> dict[str, str]:
    """Return the way down to each organization by tree path, naming what the viewer may see."""
    known = {row.organization.path: row.organization for row in rows}
    own = organization_of(obj)
    known[own.path] = own
    if viewer is None:
        return {path: f"{organization}" for path, organization in known.items()}
    step = Organization.steplen
    above = [own.path[:end] for end in range(step, len(own.path) + 1, step)]
    seen = Organization.objects.allowed(viewer).filter(path__in=above).order_by("path")
    names: dict[str, str] = {}
    parts: list[str] = []
    for path, name in seen.values_list("path", "name"):
        parts.append(name)
        names[path] = BELOW.join(parts)
    # Whoever sees the object knows what it belongs to.
    names.setdefault(own.path, own.name)
    return names


def _by_grant(people: list[User], obj: Any) -> Iterable[tuple[int, Reason]]:
    tables = grant_tables(type(obj))
    if tables is None:
        return
    rows = [
        *_grants(tables.user, obj).filter(user__in=people).annotate(holder=F("user")),
        *_grants(tables.group, obj)
        .filter(group__user__in=people)
        .select_related("group__user_group")
        .annotate(holder=F("group__user")),
    ]
    merged: dict[Any, Reason] = {}
    for row in rows:
        action = row.permission.codename.rpartition("_")[0]
        text = _grant_text(row)
        key = (row.holder, text, row.expires_at)
        reason = merged.get(key) or Reason(text, frozenset(), row.expires_at)
        merged[key] = replace(reason, actions=reason.actions | {action})
    for (holder, _, _), reason in merged.items():
        yield holder, reason


def _grants(table: Any, obj: Any) -> QuerySet[Any]:
    rows = counting(table).filter(content_object=obj)
    return rows.select_related("permission", "granted_by").order_by("pk")


def _grant_text(row: Any) -> str:
    by = f"Shared by {row.granted_by}" if row.granted_by else "Shared"
    group = getattr(row, "group", None)
    if group is None:
        return by
    name = getattr(group, "user_group", None) or group.name
    return f"{by} with the group {name}"
