"""What hangs on an organization's place in the tree: who reaches it, and what is inside."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Length, Substr

from accounts.actor import Actor
from accounts.models import (
    CustomRole,
    Invitation,
    Membership,
    Organization,
    User,
    UserGroup,
)
from accounts.tree import STEP, at_or_below, paths_above, paths_to

# What goes with an organization that is otherwise empty.
PEOPLES = {Membership, Invitation, CustomRole, UserGroup}
SHOWN = 5


@dataclass(frozen=True)
class MoveEffects:
    """Who gains and who loses access by a move, and what the new place demands."""

    losing: QuerySet[User]
    gaining: QuerySet[User]
    demanding: Organization | None

    def sentences(self, organization: Organization, parent: Organization | None) -> list[str]:
        """Return what the confirmation says."""
        where = f"below {parent}" if parent else "to the top of the tree"
        found = [f"{organization} moves {where}, with everything below it."]
        found.append(_people(self.losing, "loses access", "lose access"))
        found.append(_people(self.gaining, "gains access", "gain access"))
        if self.demanding is not None:
            found.append(f"{self.demanding} demands a second factor: so will {organization}.")
        return found


def move_effects(organization: Organization, parent: Organization | None) -> MoveEffects:
    """Return what a move would change about who reaches the organization."""
    before = set(paths_above(organization.path))
    after = set(paths_to(parent.path)) if parent else set()
    demanding = Organization.objects.filter(
        path__in=after - before, requires_second_factor=True
    ).first()
    return MoveEffects(
        losing=_holders(before - after, staying=after | {organization.path}),
        gaining=_holders(after - before, staying=before | {organization.path}),
        demanding=demanding,
    )


def foreign_role_holders(organization: Organization, parent: Organization | None) -> list[str]:
    """Return who holds or is offered a custom role that the new place would not know."""
    lost = set(paths_above(organization.path)) - set(paths_to(parent.path) if parent else [])
    if not lost:
        return []
    about = at_or_below(organization, "organization__") & Q(
        custom_role__organization__path__in=lost
    )
    held = Membership.objects.filter(about).select_related("user")[: SHOWN + 1]
    offered = Invitation.objects.filter(
        about, accepted_at=None, declined_at=None, withdrawn_at=None
    )[: SHOWN + 1]
    return [f"{row.user}" for row in held] + [row.email for row in offered]


def inside(organization: Organization) -> list[str]:
    """Return what an organization holds beside people, in words: "3 devices", "1 source"."""
    found = []
    below = Organization.objects.filter(at_or_below(organization)).exclude(pk=organization.pk)
    if count := below.count():
        found.append(_counted(count, Organization))
    for relation in organization._meta.related_objects:
        model = relation.related_model
        foreign_key = relation.field
        if model in PEOPLES or not getattr(foreign_key, "db_constraint", False):
            continue
        count = model._base_manager.filter(**{foreign_key.name: organization}).count()
        if count:
            found.append(_counted(count, model))
    return found


def inactive_organizations(actor: Actor) -> QuerySet[Organization]:
    """Return the closed organizations that the actor may open again.

    Those right below one where they may delete; the operators of the console, every one. What
    was closed together with the organization above it opens with that one.
    """
    parent = Substr("path", 1, Length("path") - Value(STEP))
    rows = Organization.objects.filter(is_active=False).annotate(parent_path=parent)
    if actor.is_unrestricted:
        closed = Organization.objects.filter(is_active=False).order_by().values("path")
        return rows.exclude(parent_path__in=closed)
    reached = Organization.objects.allowed(actor, "delete").order_by().values("path")
    return rows.filter(parent_path__in=reached)


def held_back_by_demand(organization: Organization) -> int:
    """Return how many people with a role here or below have no second factor."""
    about = at_or_below(organization, "memberships__organization__")
    people = User.objects.filter(about, is_active=True, second_factor_at=None)
    return people.aggregate(count=Count("pk", distinct=True))["count"]


def ancestors(actor: Actor, organization: Organization) -> list[Organization]:
    """Return the organizations above that the actor may view, the root first."""
    above = paths_above(organization.path)
    if not above:
        return []
    return list(Organization.objects.allowed(actor).filter(path__in=above).order_by("path"))


def attach_ancestors(actor: Actor, rows: list[Organization]) -> None:
    """Give each row `trail`, the visible organizations above it: one query for all rows."""
    wanted = {path for row in rows for path in paths_above(row.path)}
    named = dict(
        Organization.objects.allowed(actor)
        .filter(path__in=wanted)
        .order_by()
        .values_list("path", "name")
        if wanted
        else ()
    )
    for row in rows:
        row.trail = [named[path] for path in paths_above(row.path) if path in named]  # type: ignore[attr-defined]


def _holders(paths: set[str], *, staying: set[str]) -> QuerySet[User]:
    stay = Membership.objects.filter(organization__path__in=staying).values("user_id")
    holding = Membership.objects.filter(organization__path__in=paths).values("user_id")
    people = User.objects.filter(pk__in=holding, is_active=True).exclude(pk__in=stay)
    return people.order_by(F("email"))


def _people(people: QuerySet[User], one: str, many: str) -> str:
    count = people.count()
    if not count:
        return f"Nobody {one}."
    names = ", ".join(f"{person}" for person in people[:SHOWN])
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    who = "1 person" if count == 1 else f"{count} people"
    return f"{who} {one if count == 1 else many}: {names}{more}."


def _counted(count: int, model: type) -> str:
    meta = model._meta  # type: ignore[attr-defined]
    return f"{count} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"
