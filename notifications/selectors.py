"""Reads of notifications: who is to hear of what, which rules match, what waits in an inbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import NotificationChoice, User
from accounts.tree import at_or_above
from core.scoping import perm_name
from notifications.choices import is_less
from notifications.kinds import Kind, Told, kinds
from notifications.models import (
    Notification,
    NotificationRule,
    NotificationTimes,
    Occurrence,
)


@dataclass(frozen=True)
class Reader:
    """A person, how they want to hear of it, and what of it they may see."""

    user: User
    channels: frozenset[str]
    told: Told


def readers(kind: Kind, told: Told, first: Occurrence) -> Iterator[Reader]:
    """Yield who is to be told: those named, else all with a role there; each of what they see."""
    people = User.objects.filter(is_active=True)
    if first.people:
        people = people.filter(pk__in=first.people)
    else:
        held = at_or_above(told.organization, "memberships__organization__")
        people = people.filter(held).distinct()
    users = list(people.select_related("notification_times").order_by("pk"))
    wanted = channels_wanted(kind, users)
    for user in users:
        if not wanted[user.pk]:
            continue
        seen = seen_by(user, told, first)
        if seen.count:
            yield Reader(user, wanted[user.pk], seen)


def channels_wanted(kind: Kind, users: list[User]) -> dict[int, frozenset[str]]:
    """Return the channels over which each of the people wants this kind. One query."""
    found = {user.pk: set(kind.default) for user in users}
    rows = NotificationChoice.objects.filter(user__in=found, topic=kind.slug)
    for user_id, channel, is_on in rows.values_list("user_id", "channel", "is_on"):
        if channel in kind.channels:
            (found[user_id].add if is_on else found[user_id].discard)(channel)
    return {pk: frozenset(slugs) for pk, slugs in found.items()}


def actor_of(user: User) -> Actor:
    """Return a person outside any session: no second factor that could be shown here."""
    return Actor.for_user(user, verified=not user.is_superuser)


def seen_by(user: User, told: Told, first: Occurrence) -> Told:
    """Return what of it this person may view now; things without a target concern them anyway."""
    if not first.target_model:
        return told
    model = apps.get_model(first.target_model)
    actor, perm = actor_of(user), perm_name(model, "view")
    if not actor.may_attempt(perm):
        return Told(told.organization)
    if actor.reaches(perm, told.organization):
        return told
    waiting = Occurrence.objects.filter(fold=first.fold, spread_at=None).values("target_id")
    seen = model._default_manager.allowed(actor).filter(pk__in=waiting)  # type: ignore[attr-defined]
    pks = set(seen.order_by().values_list("pk", flat=True))
    return Told(told.organization, [item for item in told.items if item.pk in pks])


def sees_any(user: User, model_label: str, pks: list[int]) -> bool:
    """Tell whether a person may view at least one of these now; nothing to see is seen."""
    if not model_label or not pks:
        return True
    rows = apps.get_model(model_label)._default_manager.allowed(actor_of(user))  # type: ignore[attr-defined]
    return rows.filter(pk__in=pks).exists()


def matching_rules(kind: Kind, told: Told) -> Iterator[tuple[NotificationRule, Told]]:
    """Yield the rules there or above that want it, each with the part that it asks for."""
    rules = NotificationRule.objects.filter(at_or_above(told.organization, "organization__"))
    for rule in rules.filter(is_on=True).select_related("organization", "mesh").order_by("pk"):
        if rule.kinds and kind.slug not in rule.kinds:
            continue
        if is_less(kind.level_of(told), rule.least_level):
            continue
        items = told.items
        if rule.tag:
            items = [item for item in items if rule.tag in item.tags]
        if rule.mesh is not None:  # the id of a mesh is that of its organization only
            if rule.mesh.organization_id != told.organization.pk:
                continue
            items = [item for item in items if rule.mesh.mesh_id in item.meshes]
        if items:
            yield rule, Told(told.organization, items)


def inbox_of(actor: Any) -> QuerySet[Notification]:
    """Return the actor's own inbox, newest first."""
    return Notification.objects.allowed(actor).select_related("organization")


def kinds_in_words(rule: NotificationRule) -> str:
    """Return what a rule sends."""
    labels = [kinds.get(slug).label for slug in rule.kinds if slug in kinds]
    return ", ".join(labels) or "Everything"


def times_of(user: User) -> NotificationTimes:
    """Return when a person may be sent something; a row that is not saved where they never said."""
    found = NotificationTimes.objects.filter(user=user).first()
    return found or NotificationTimes(user=user)
