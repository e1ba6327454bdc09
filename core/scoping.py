"""The one access mechanism: which rows of a tenant-owned model an actor may act on.

Everything that decides who sees what reduces to `Model.objects.allowed(actor, action)`.
This module knows no app; `accounts.actor.Actor` supplies the three facts it asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Protocol, Self, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import Http404

from core.concealing import conceal

M = TypeVar("M", bound=models.Model)


class ActorLike(Protocol):
    """What scoping, audit and jobs need to know about who is asking."""

    @property
    def label(self) -> str: ...

    @property
    def is_unrestricted(self) -> bool: ...

    def may_attempt(self, perm: str) -> bool: ...

    def organization_ids(self, perm: str) -> Collection[int] | models.QuerySet[Any]: ...

    def reaches(self, perm: str, organization: models.Model | None = None) -> bool: ...

    def grants(
        self, model: type[models.Model], action: str
    ) -> Iterable[Collection[int] | models.QuerySet[Any]]: ...

    def oversee(self, model: type[models.Model], obj: models.Model | None = None) -> None: ...


def perm_name(model: type[models.Model], action: str) -> str:
    """Return `app.action_model`, the name under which roles and grants know an action."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of a tenant-owned model, narrowed to what an actor may do with them.

    The model names the path to its organization in `scope_path` ("organization",
    "device__organization", or "pk" for the organization itself), and in `conceals` the relations
    that pages show only to who may view what they lead to.
    """

    _reader: ActorLike | None = None

    def concealing(self, actor: ActorLike) -> Self:
        """Return rows that tell nothing of related rows that the actor may not view."""
        rows = self._chain()  # type: ignore[attr-defined]
        rows._reader = actor
        return rows

    def _clone(self) -> Self:
        rows = super()._clone()  # type: ignore[misc]
        rows._reader = self._reader
        return rows

    def _fetch_all(self) -> None:
        is_fresh = self._result_cache is None  # type: ignore[has-type]
        super()._fetch_all()  # type: ignore[misc]
        names = getattr(self.model, "conceals", ())
        if is_fresh and self._reader is not None and names:
            rows = [row for row in self._result_cache or () if isinstance(row, models.Model)]
            conceal(self._reader, rows, names)

    def allowed(self, actor: ActorLike, action: str = "view") -> Self:
        """Narrow to the rows on which the actor may perform the action; never widens."""
        perm = perm_name(self.model, action)
        if not actor.may_attempt(perm):
            return self.none()
        if actor.is_unrestricted:
            actor.oversee(self.model)
            return self
        path = self.model.scope_path  # type: ignore[attr-defined]
        inside = Q(**{f"{path}__in": actor.organization_ids(perm)})
        granted = list(actor.grants(self.model, action))
        many = [rows for rows in granted if isinstance(rows, models.QuerySet)]
        if many:
            # OR would read the whole table; two indexed queries put together do not.
            rows = self.model._base_manager.filter(inside).order_by().values("pk")
            return self.filter(pk__in=rows.union(*many, all=True))
        for granted_ids in granted:
            inside |= Q(pk__in=granted_ids)
        return self.filter(inside)


def is_allowed(obj: models.Model, actor: ActorLike, action: str = "view") -> bool:
    """Tell whether this saved row is inside `allowed(actor, action)`."""
    return type(obj)._default_manager.allowed(actor, action).filter(pk=obj.pk).exists()  # type: ignore[attr-defined]


def may_somewhere(actor: ActorLike, model: type[models.Model], action: str) -> bool:
    """Tell whether the actor may do this in any organization at all; draws *Add* buttons."""
    perm = perm_name(model, action)
    if not actor.may_attempt(perm):
        return False
    if actor.is_unrestricted:
        return True
    return actor.reaches(perm)


def may_in(
    actor: ActorLike, model: type[models.Model], action: str, organization: models.Model
) -> bool:
    """Tell whether the actor may do this in the organization; asked before a row exists."""
    perm = perm_name(model, action)
    if not actor.may_attempt(perm):
        return False
    if actor.is_unrestricted:
        return True
    return actor.reaches(perm, organization)


def reached(
    actor: ActorLike, model: type[models.Model], action: str
) -> Collection[int] | models.QuerySet[Any] | None:
    """Return the organizations on whose rows the actor may do this; None where nothing limits.

    For figures kept by organization, which have no rows of the model to narrow.
    """
    perm = perm_name(model, action)
    if not actor.may_attempt(perm):
        return ()
    if actor.is_unrestricted:
        actor.oversee(model)
        return None
    return actor.organization_ids(perm)


def sees(actor: ActorLike, obj: models.Model) -> bool:
    """Tell whether the actor may view a row at hand; members of its organization cost no query."""
    perm = perm_name(type(obj), "view")
    if not actor.may_attempt(perm):
        return False
    if actor.is_unrestricted:
        return True
    ids = actor.organization_ids(perm)
    home = getattr(obj, "organization_id", obj.pk)
    is_listed = not isinstance(ids, models.QuerySet) and home in ids
    return is_listed or is_allowed(obj, actor)


def reaches_alike(actor: ActorLike, model: type[models.Model], action: str, other: str) -> bool:
    """Tell whether two actions surely reach the same rows, without asking for any row."""
    first, second = perm_name(model, action), perm_name(model, other)
    if not (actor.may_attempt(first) and actor.may_attempt(second)):
        return False
    if actor.is_unrestricted:
        return True
    if actor.organization_ids(first) is not actor.organization_ids(second):
        return False
    return list(actor.grants(model, action)) == list(actor.grants(model, other))


class NotPermitted(PermissionDenied):
    """The actor may see the object but not do this; the audit log says which and what."""

    def __init__(self, target: models.Model, action: str) -> None:
        super().__init__()
        self.target = target
        self.action = action


def get_allowed(queryset: Any, actor: ActorLike, action: str, **lookup: Any) -> Any:
    """Return one row, or raise Http404 (not viewable) or PermissionDenied (only viewable)."""
    obj = queryset.allowed(actor, action).filter(**lookup).first()
    if obj is not None:
        if actor.is_unrestricted:
            actor.oversee(type(obj), obj)
        return obj
    if action != "view":
        seen = queryset.allowed(actor, "view").filter(**lookup).first()
        if seen is not None:
            raise NotPermitted(seen, action)
    raise Http404


def scope_form_fields(form: Any, actor: ActorLike) -> None:
    """Narrow every model choice of a form to what the actor may view."""
    for field in form.fields.values():
        queryset = getattr(field, "queryset", None)
        if queryset is not None and hasattr(queryset, "allowed"):
            field.queryset = queryset.allowed(actor, "view")


def drop_unseen_choices(form: Any, obj: Any, actor: ActorLike) -> None:
    """Leave out what the object has already and the actor may not view.

    A choice without it would take it away from the object with the next save.
    """
    for name, field in list(form.fields.items()) if obj is not None else ():
        if not hasattr(getattr(field, "queryset", None), "allowed"):
            continue
        chosen = getattr(obj, name, None)
        if chosen is not None and not sees(actor, chosen):
            del form.fields[name]
