"""The shares of one object: what each person or group was given on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User, UserGroup
from accounts.selectors.access import in_words
from core.grants import grant_tables, standing


@dataclass
class Share:
    """What one person or group was given on one object; `uid` is theirs.

    `is_own` is false in one's own list for what only came by a group.
    """

    obj: Any
    to: User | UserGroup
    actions: set[str] = field(default_factory=set)
    expires_at: datetime | None = None
    granted_at: datetime | None = None
    granted_by: User | None = None
    is_own: bool = True

    @property
    def uid(self) -> UUID:
        """Return the public id of who was given it."""
        return self.to.uid

    @property
    def kind(self) -> str:
        """Return "person" or "group"."""
        return "person" if isinstance(self.to, User) else "group"

    @property
    def words(self) -> str:
        """Return the actions in words."""
        return in_words(type(self.obj), self.actions)

    @property
    def key(self) -> str:
        """Return what a form sends back to name this share."""
        return f"{self.obj._meta.label_lower}:{self.obj.uid}:{self.to.uid}"

    @property
    def label(self) -> str:
        """Return the recipient as the audit log names them."""
        return self.to.email if isinstance(self.to, User) else f"group {self.to}"

    def __str__(self) -> str:
        return f"{self.obj} with {self.label}"

    def take(self, grant: Any) -> None:
        """Add one grant: its action, and its end when that is later."""
        if not self.actions:
            self.expires_at, self.granted_at = grant.expires_at, grant.granted_at
            self.granted_by = grant.granted_by
        elif grant.expires_at is None or self.expires_at is None:
            self.expires_at = None
        else:
            self.expires_at = max(self.expires_at, grant.expires_at)
        self.actions.add(grant.permission.codename.rpartition("_")[0])


def shares_of(obj: Any, to: User | UserGroup | None = None) -> list[Share]:
    """Return the shares of an object that hold now, people before groups. Two queries."""
    tables = grant_tables(type(obj))
    if tables is None:
        return []
    here = Q(standing(), content_object=obj)
    people = tables.user._default_manager.filter(here)
    groups = tables.group._default_manager.filter(here, group__user_group__isnull=False)
    if isinstance(to, User):
        people, groups = people.filter(user=to), groups.none()
    elif to is not None:
        people, groups = people.none(), groups.filter(group__user_group=to)
    related = ("permission", "granted_by")
    return [
        *collected(obj, people.select_related("user", *related).order_by("user__email", "pk")),
        *collected(
            obj,
            groups.select_related("group__user_group__organization", *related).order_by(
                "group__user_group__name", "pk"
            ),
        ),
    ]


def share_of(obj: Any, to: User | UserGroup) -> Share | None:
    """Return what one recipient was given on the object, if it holds now."""
    return next(iter(shares_of(obj, to)), None)


def share_by_uid(obj: Any, uid: UUID) -> Share | None:
    """Return the share of the object whose recipient has this uid."""
    return next((share for share in shares_of(obj) if share.uid == uid), None)


def person_by_email(email: str) -> User | None:
    """Return the person who uses this address and may sign in."""
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def collected(obj: Any, grants: Iterable[Any]) -> list[Share]:
    """Put the grants of one object together by who holds them."""
    found: dict[Any, Share] = {}
    for grant in grants:
        to = holder_of(grant)
        found.setdefault(to, Share(obj, to)).take(grant)
    return list(found.values())


def holder_of(grant: Any) -> User | UserGroup:
    """Return who holds a grant."""
    return grant.user if hasattr(grant, "user_id") else grant.group.user_group
