"""Reads of notifications: who is to hear of what, which rules match, what waits in an inbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import NotificationChoice, User
from accounts.tree import at_or_above, paths_to
from core.scoping import perm_name
from notifications.choices import is_less
from notifications.kinds import Kind, Told, kinds
from notifications.models import (
    Notification,
    NotificationRule,
    NotificationTimes,
    Occurrence,
    Waiting,
)
from notifications.waiting import USUAL, Earlier


@dataclass(frozen=True)
class Reader:
    """A person, how they want to hear of it, and what of it they may see."""

    user: User
    channels: frozenset[str]
    told: Told


@dataclass(frozen=True)
class Waits:
    """After how many seconds anybody wants to hear of an absence, by the path of organizations."""

    by_path: Mapping[str, set[int]]

    @classmethod
    def of_all(cls, rows: Iterable[tuple[int | None, Earlier, str | None]]) -> Waits:
        """Collect them of rows: chosen, earlier, and the path of the organization."""
        found: dict[str, set[int]] = {}
        for chosen, earlier, path in rows:
            if path is not None:
                seconds = {chosen or USUAL, *(int(entry[1]) for entry in earlier)}
                found.setdefault(path, set()).update(seconds)
        return cls(found)

    def least(self, usual: int) -> int:
        """Return the shortest of them all."""
        return min([usual, *(s for found in self.by_path.values() for s in found if s != USUAL)])

    def there(self, path: str) -> set[int]:
        """Return those of receivers in the organization of this path or above it."""
        above = (self.by_path.get(step, set()) for step in paths_to(path))
        return {USUAL}.union(*above)


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
        seen = waited_for(getattr(user, "notification_times", None), kind.part_for(user, told))
        seen = seen_by(user, seen, first, kind.action) if seen.count else seen
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


def seen_by(user: User, told: Told, first: Occurrence, action: str = "view") -> Told:
    """Return what of it this person may view now, or do something else with.

    Things without a target concern them anyway.
    """
    if not first.target_model:
        return told
    model = apps.get_model(first.target_model)
    actor, perm = actor_of(user), perm_name(model, action)
    if not actor.may_attempt(perm):
        return Told(told.organization)
    if actor.reaches(perm, told.organization):
        return told
    waiting = Occurrence.objects.filter(fold=first.fold, spread_at=None).values("target_id")
    seen = model._default_manager.allowed(actor, action).filter(pk__in=waiting)  # type: ignore[attr-defined]
    pks = set(seen.order_by().values_list("pk", flat=True))
    return Told(told.organization, [item for item in told.items if item.pk in pks])


def waited_for(receiver: Waiting | None, told: Told) -> Told:
    """Return what has lasted for as long as this receiver waits; what is of no duration, too."""
    if not any(item.after for item in told.items):
        return told
    if receiver is None or not receiver.offline_before:
        waits = receiver.offline_after or USUAL if receiver is not None else USUAL
        items = [item for item in told.items if not item.after or waits in item.after]
    else:
        items = [
            item for item in told.items
            if not item.after or receiver.waits_at(item.began) in item.after
        ]  # fmt: skip
    return Told(told.organization, items)


def waits_of_all() -> Waits:
    """Return when rules and people want to hear of absences, those who chose. Two queries."""
    chose = Q(offline_after__isnull=False) | ~Q(offline_before=[])
    rules = NotificationRule.objects.filter(chose, is_on=True)
    times = NotificationTimes.objects.filter(chose, user__is_active=True)
    columns = ("offline_after", "offline_before")
    return Waits.of_all(
        [
            *rules.values_list(*columns, "organization__path"),
            *times.values_list(*columns, "user__memberships__organization__path"),
        ]
    )


def sees_any(user: User, model_label: str, pks: list[int], action: str = "view") -> bool:
    """Tell whether a person may do this with at least one of these now; nothing to see is seen."""
    if not model_label or not pks:
        return True
    rows = apps.get_model(model_label)._default_manager.allowed(actor_of(user), action)  # type: ignore[attr-defined]
    return rows.filter(pk__in=pks).exists()


def matching_rules(kind: Kind, told: Told) -> Iterator[tuple[NotificationRule, Told]]:
    """Yield the rules there or above that want it, each with the part that it asks for."""
    rules = NotificationRule.objects.filter(at_or_above(told.organization, "organization__"))
    rules = rules.filter(is_on=True, confirmed_at__isnull=False)
    for rule in rules.select_related("organization", "mesh").order_by("pk"):
        if rule.kinds and kind.slug not in rule.kinds:
            continue
        if is_less(kind.level_of(told), rule.least_level):
            continue
        items = waited_for(rule, told).items
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
