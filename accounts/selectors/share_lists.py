"""Lists of shares over all kinds of objects: with one person, and with people outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db.models import (
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    QuerySet,
    Value,
)

from accounts.actor import Actor
from accounts.models import Membership, Organization
from accounts.selectors.shares import Share, holder_of
from core.grants import grant_tables, grants_to, shareable_models, standing

COLUMNS = ("label", "content_object_id", "side", "holder")


class Line(NamedTuple):
    """A line of a list before its object is fetched."""

    label: str
    object_pk: int
    side: str
    holder: int


class ShareList:
    """A countable, sliceable list over the grant tables of all models, for a paginator.

    `lines` is a union of (model, object, "user" or "group", holder). The objects, and what exactly
    was given, are fetched for one page only: at most four queries for each model on it.
    """

    def __init__(
        self,
        lines: QuerySet[Any] | None,
        fetch: Callable[[type[Model], list[Line]], Iterable[tuple[Line, Share]]],
    ) -> None:
        self.lines, self.fetch = lines, fetch

    def count(self) -> int:
        """Return how many there are."""
        return self.lines.count() if self.lines is not None else 0

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, page: slice) -> list[Share]:
        lines = [Line(*row) for row in self.lines[page]] if self.lines is not None else []
        found: dict[Line, Share] = {}
        for model in shareable_models():
            own = [line for line in lines if line.label == model._meta.label_lower]
            found |= dict(self.fetch(model, own)) if own else {}
        return [found[line] for line in lines if line in found]


def shared_with(actor: Actor, model: type[Model] | None = None) -> ShareList:
    """Return the objects shared with the actor's person, by themselves or by their groups."""
    person = actor.user
    if person is None or actor.ceiling is not None or actor.held_back:
        return ShareList(None, lambda model, lines: ())

    def fetch(model: type[Model], lines: list[Line]) -> Iterable[tuple[Line, Share]]:
        objects = _objects(actor, model, lines)
        shares = {pk: Share(obj, person, is_own=False) for pk, obj in objects.items()}
        for rows in grants_to(person, model):
            held = rows.filter(content_object__in=shares).order_by("pk")
            for grant in held.select_related("permission", "granted_by"):
                shares[grant.content_object_id].take(grant)
                shares[grant.content_object_id].is_own |= hasattr(grant, "user_id")
        return [(line, shares[line.object_pk]) for line in lines if line.object_pk in shares]

    asked = [
        _lines(rows, kind, side="", holder=Value(0))
        for kind in ([model] if model else shareable_models())
        for rows in grants_to(person, kind)
    ]
    return ShareList(_together(asked, all=False), fetch)


def shared_outside(actor: Actor, organization: Organization | None = None) -> ShareList:
    """Return what is shared with people, and groups, from outside the object's organization.

    Only objects that the actor may share themselves, within the organization chosen. Outside is
    who has no role on the object's organization or above it.
    """

    def fetch(model: type[Model], lines: list[Line]) -> Iterable[tuple[Line, Share]]:
        objects = _objects(actor, model, lines)
        shares: dict[Line, Share] = {}
        for table, side, related in _sides(model):
            holders = {line.holder for line in lines if line.side == side}
            given = table._default_manager.filter(standing(), content_object__in=objects)
            given = given.filter(**{f"{side}__in": holders}).order_by("pk")
            for grant in given.select_related("permission", "granted_by", related):
                pk, holder = grant.content_object_id, getattr(grant, f"{side}_id")
                line = Line(model._meta.label_lower, pk, side, holder)
                shares.setdefault(line, Share(objects[pk], holder_of(grant))).take(grant)
        return shares.items()

    asked = []
    for model in shareable_models():
        rows: Any = model._default_manager
        objects = rows.allowed(actor, "share")
        if organization:
            objects = objects.filter(organization__path__startswith=organization.path)
        for table, side, _ in _sides(model):
            given = table._default_manager.filter(
                standing(), content_object__in=objects.order_by().values("pk")
            )
            outside = given.filter(~Exists(_insiders())) if side == "user" else _foreign(given)
            asked.append(_lines(outside, model, side=side, holder=F(f"{side}_id")))
    return ShareList(_together(asked, all=True), fetch)


def _lines(rows: QuerySet[Any], model: type[Model], *, side: str, holder: Any) -> QuerySet[Any]:
    """Return one row for each share: whatever is given, `view` is among it."""
    text = CharField()
    seen = rows.filter(permission__codename=f"view_{model._meta.model_name}").order_by()
    return seen.annotate(
        label=Value(model._meta.label_lower, text), side=Value(side, text), holder=holder
    ).values_list(*COLUMNS)


def _together(asked: list[QuerySet[Any]], *, all: bool) -> QuerySet[Any]:
    return asked[0].union(*asked[1:], all=all).order_by("label", "-content_object_id", *COLUMNS[2:])


def _insiders() -> QuerySet[Membership]:
    """Return the roles that a grant's holder has on its object's organization or above."""
    path = ExpressionWrapper(OuterRef("content_object__organization__path"), CharField())
    held = Membership.objects.filter(user=OuterRef("user"), organization__is_active=True)
    return held.annotate(below=path).filter(below__startswith=F("organization__path"))


def _foreign(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the grants to groups of other branches of the tree."""
    above = rows.filter(group__user_group__isnull=False)
    path = ExpressionWrapper(OuterRef("content_object__organization__path"), CharField())
    homes = Organization.objects.filter(user_groups__group=OuterRef("group")).order_by()
    return above.filter(~Exists(homes.annotate(below=path).filter(below__startswith=F("path"))))


def _objects(actor: Actor, model: type[Model], lines: list[Line]) -> dict[int, Any]:
    names = {field.name for field in model._meta.fields}
    related = [name for name in ("organization", "source") if name in names]
    rows: Any = model._default_manager
    found = rows.allowed(actor).filter(pk__in={line.object_pk for line in lines})
    return {obj.pk: obj for obj in found.select_related(*related)}


def _sides(model: type[Model]) -> list[tuple[Any, str, str]]:
    tables = grant_tables(model)
    assert tables is not None
    return [
        (tables.user, "user", "user"),
        (tables.group, "group", "group__user_group__organization"),
    ]
