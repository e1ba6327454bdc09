"""Who is asking: a person, a credential of a person, a device, or a named part of the system."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device as Factor

from accounts.models import Membership, Organization, User
from accounts.roles import HeldRole, held_role, require_known
from core.grants import grants_to
from core.logging import request_id

if TYPE_CHECKING:
    from django.http import HttpRequest

# Up to this many organizations a literal list is the faster plan; beyond it the tree prefix is.
LITERAL_ORGANIZATIONS = 300
# Up to this many grants on objects of one model their ids are listed; beyond it a sub-query
# (measured on 200,000 devices, see tests/core/test_grants.py for that both reach the same rows).
LITERAL_GRANTS = 2000
# What a session keeps of the last time somebody proved who they are, and how long that counts.
PROVED_AT = "proved_at"
RECENT_SECONDS = 15 * 60


@dataclass(eq=False)
class Actor:
    """Supplies the facts that `allowed()` asks for, each resolved once per request.

    A credential (an API key) narrows its user: `ceiling` is the only organization it reaches,
    and `label` is how the audit log calls it. Only a system actor and a superuser with a
    verified second factor are unrestricted. `proved_at` is when this browser session last
    proved who sits there (seconds since 1970); `impersonator` is the member of staff behind it,
    whose own second factor counts. `lazy` facts are sub-queries: fewer queries for a few rows.
    `overseen` collects what was answered only because no organization limits the actor.
    """

    user: User | None = None
    system: str = ""
    verified: bool = False
    ceiling: Organization | None = None
    read_only: bool = False
    credential: str = ""
    session: str = ""
    address: str = ""
    request_id: str = ""
    proved_at: float = 0.0
    impersonator: User | None = None
    lazy: bool = False
    overseen: set[Any] = field(default_factory=set, repr=False)
    _roles: dict[HeldRole, list[str]] | None = field(default=None, repr=False)
    _demands_factor: bool = field(default=False, repr=False)
    _organizations: dict[str, Any] = field(default_factory=dict, repr=False)
    _reached: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)
    _grants: dict[type[models.Model], dict[str, list[int]] | None] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def for_user(cls, user: User, **facts: Any) -> Actor:
        """Return the actor of a person, outside any request."""
        return cls(user=user, **facts)

    @classmethod
    def named_system(cls, name: str) -> Actor:
        """Return an unrestricted actor; the name shows in the audit log."""
        return cls(system=name)

    @classmethod
    def from_request(cls, request: HttpRequest) -> Actor:
        """Return the actor of a browser session (an API credential makes its own)."""
        facts: dict[str, Any] = {"address": client_address(request), "request_id": request_id.get()}
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return cls(**facts)
        impersonator = getattr(request, "impersonator", None)
        return cls(
            user=user,
            verified=impersonator is not None or is_verified(user),
            proved_at=request.session.get(PROVED_AT, 0.0),
            impersonator=impersonator,
            session=session_mark(request.session.session_key),
            **facts,
        )

    @property
    def is_authenticated(self) -> bool:
        """Tell whether anybody is asking at all."""
        return bool(self.system) or self.user is not None

    @property
    def label(self) -> str:
        """Return how the audit log calls this actor."""
        if self.system:
            return f"system: {self.system}"
        if self.user is None:
            return "anonymous"
        if self.impersonator is not None:
            return f"{self.impersonator.email} as {self.user.email}"
        return f"{self.user.email} by {self.credential}" if self.credential else self.user.email

    @property
    def is_unrestricted(self) -> bool:
        """Tell whether no organization limits this actor."""
        if self.system:
            return True
        if self.user is None or not self.user.is_superuser or self.impersonator is not None:
            return False
        return self.verified and self.ceiling is None

    @property
    def is_recent(self) -> bool:
        """Tell whether this session proved who sits there within the last quarter of an hour."""
        return time.time() - self.proved_at < RECENT_SECONDS and self.impersonator is None

    @property
    def held_back(self) -> str:
        """Return what a person must do before anything else: "verify", "enrol", or nothing.

        `verify`: they have a second factor and this session has not shown it. `enrol`: an
        organization of theirs demands one. A key was made by somebody who had passed, and goes on.
        """
        if self.user is None or self.credential or self.verified:
            return ""
        if self.user.second_factor_at is not None:
            return "verify"
        self.role_paths()
        return "enrol" if self._demands_factor else ""

    def oversee(self, model: type[models.Model], obj: models.Model | None = None) -> None:
        """Note rows that were answered only because nothing limits this actor.

        `accounts.oversight` writes to the audit log which organizations that concerned.
        """
        if self.user is not None:
            self.overseen.add((model, obj))

    def may_attempt(self, perm: str) -> bool:
        """Tell whether this actor may try the action anywhere; unknown names raise."""
        require_known(perm)
        if self.system:
            return True
        if self.user is None or not self.user.is_active or self.held_back:
            return False
        return not (self.read_only and not perm.split(".", 1)[1].startswith("view_"))

    def organization_ids(self, perm: str) -> Collection[int] | models.QuerySet[Organization]:
        """Return the organizations where a role of this actor contains the action.

        A literal list while they are few, a sub-query on the tree prefix when many: measured on
        a million devices, each is the plan that stays under a millisecond.
        """
        if perm not in self._organizations:
            self._organizations[perm] = self._resolve_organizations(perm)
        return self._organizations[perm]

    def reaches(self, perm: str, organization: Any = None) -> bool:
        """Tell whether a role reaches this organization with the action, or any at all.

        Asks nothing where many are reached: the tree path says it.
        """
        ids = self.organization_ids(perm)
        if not isinstance(ids, models.QuerySet):
            return bool(ids) if organization is None else organization.pk in ids
        if organization is None:
            return not self.lazy or ids.exists()
        inside = self.ceiling is None or self.ceiling.pk == organization.pk
        paths = tuple(self._paths(perm))
        return inside and organization.is_active and organization.path.startswith(paths)

    def grants(
        self, model: type[models.Model], action: str
    ) -> Iterable[Collection[int] | models.QuerySet[Any]]:
        """Return the ids of rows shared with this user or a group of theirs, if there are any.

        Past `LITERAL_GRANTS` they are sub-queries instead of ids.
        """
        if model not in self._grants:
            self._grants[model] = self._find_grants(model)
        found, codename = self._grants[model], f"{action}_{model._meta.model_name}"
        if found is None:
            return [_granted(rows, model, codename) for rows in self._grant_rows(model)]
        ids = found.get(codename)
        return [ids] if ids else []

    def _grant_rows(self, model: type[models.Model]) -> list[models.QuerySet[Any]]:
        if self.user is None or self.ceiling is not None:
            return []
        return grants_to(self.user, model)

    def _find_grants(self, model: type[models.Model]) -> dict[str, list[int]] | None:
        """Return the shared rows of a model by permission, or None when they are too many.

        One query for all permissions.
        """
        asked = [
            rows.filter(permission__content_type__app_label=model._meta.app_label).values_list(
                "permission__codename", "content_object_id"
            )
            for rows in self._grant_rows(model)
        ]
        if not asked:
            return {}
        if self.lazy:
            return None
        rows = list(asked[0].union(*asked[1:])[: LITERAL_GRANTS + 1])
        if len(rows) > LITERAL_GRANTS:
            return None
        found: dict[str, list[int]] = {}
        for codename, pk in rows:
            found.setdefault(codename, []).append(pk)
        return found

    def role_paths(self) -> dict[HeldRole, list[str]]:
        """Return the tree paths at which each role is held, from one query."""
        if self._roles is None:
            self._roles = {}
            for role, actions, path, demands in _roles_of(self.user):
                self._roles.setdefault(held_role(role, actions), []).append(path)
                self._demands_factor |= demands
        return self._roles

    def forget_roles(self) -> None:
        """Ask for roles and reach again: this request has just changed them."""
        self._roles, self._demands_factor = None, False
        self._organizations.clear()
        self._reached.clear()

    def _resolve_organizations(self, perm: str) -> Collection[int] | models.QuerySet[Organization]:
        if self.user is None:
            return []
        paths = self._paths(perm)
        key = tuple(paths)
        if key not in self._reached:
            self._reached[key] = self._below(paths) if paths else []
        return self._reached[key]

    def _paths(self, perm: str) -> list[str]:
        """Return the tree paths at which a role with the action is held."""
        held = self.role_paths().items()
        return sorted(path for role, paths in held if role.contains(perm) for path in paths)

    def _below(self, paths: list[str]) -> Collection[int] | models.QuerySet[Organization]:
        below = reduce(or_, (Q(path__startswith=path) for path in paths))
        reached = Organization.objects.filter(below, is_active=True)
        if self.ceiling is not None:
            reached = reached.filter(pk=self.ceiling.pk)
        if self.lazy:
            return reached.order_by().values("pk")
        ids = list(reached.order_by().values_list("pk", flat=True)[: LITERAL_ORGANIZATIONS + 1])
        if len(ids) <= LITERAL_ORGANIZATIONS:
            return ids
        return reached.order_by().values("pk")


def session_mark(key: str | None) -> str:
    """Return how the audit log tells a person's sessions apart; nobody gets in with it."""
    return f"session {hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else ""


def client_address(request: HttpRequest) -> str:
    """Return the address of the direct peer; proxies are trusted by the server, not here."""
    return request.META.get("REMOTE_ADDR", "") or ""


def is_verified(user: Any) -> bool:
    """Tell whether django-otp's middleware found a factor that this session has shown."""
    # Sign-in signals come before that middleware has seen the user.
    asked = getattr(user, "is_verified", None)
    return bool(asked and asked())


def session_is_verified(scope: dict[str, Any], user: User) -> bool:
    """Tell the same of a WebSocket, whose user no middleware of django-otp has seen."""
    session = scope.get("session")
    shown = session.get(DEVICE_ID_SESSION_KEY) if session is not None else None
    factor = Factor.from_persistent_id(shown) if shown else None
    return factor is not None and factor.confirmed and factor.user_id == user.pk


def _roles_of(user: User | None) -> Iterable[tuple[str, list[str] | None, str, bool]]:
    """Return (role, custom actions, path, whether a second factor is demanded there)."""
    own_path = ExpressionWrapper(OuterRef("organization__path"), models.CharField())
    at_or_above = Organization.objects.annotate(below=own_path).order_by()
    demanding = at_or_above.filter(requires_second_factor=True, below__startswith=F("path"))
    rows = Membership.objects.filter(user=user, organization__is_active=True)
    return rows.annotate(demands=Exists(demanding)).values_list(
        "role", "custom_role__actions", "organization__path", "demands"
    )


def _granted(
    rows: models.QuerySet[Any], model: type[models.Model], codename: str
) -> models.QuerySet[Any]:
    wanted = {"codename": codename, "content_type__app_label": model._meta.app_label}
    return rows.filter(**{f"permission__{k}": v for k, v in wanted.items()}).values(
        "content_object_id"
    )
