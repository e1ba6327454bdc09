"""Which actions a role contains. The names are `app.action_model`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from accounts.choices import Role
from core.exceptions import Forbidden

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import Organization

BUILT_IN = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
# Models an operator changes; keys and people are for admins.
OPERATED = {
    "devices.device",
    "devices.mesh",
    "devices.releaseddevice",
    "devices.statustransformer",
    "builds.source",
    "builds.build",
    "builds.artifact",
    "keys.envvar",
    "fleet.bulkjob",
    "fleet.configpush",
    "fleet.rollout",
    "fleet.rolloutplan",
    "messaging.devicequestion",
    "accounts.savedview",
}
# What gives something of the organization to others.
FOR_ADMINS = {"share", "transfer"}
# Reading these says who did what from where; that is for admins and operators.
NOT_FOR_VIEWERS = {
    "audit.auditevent",
    "accounts.invitation",
    "notifications.notificationrule",
    "notifications.notificationdelivery",
}


@lru_cache(maxsize=1)
def known_permissions() -> frozenset[str]:
    """Return every permission name that any installed model declares."""
    names = set()
    for model in apps.get_models():
        meta = model._meta
        names |= {f"{meta.app_label}.{a}_{meta.model_name}" for a in meta.default_permissions}
        names |= {f"{meta.app_label}.{codename}" for codename, _ in meta.permissions}
    return frozenset(names)


def require_known(perm: str) -> None:
    """Raise ImproperlyConfigured for a permission no model declares: a typing error, not a no."""
    if perm not in known_permissions():
        raise ImproperlyConfigured(f"no model declares the permission {perm!r}")


@dataclass(frozen=True)
class HeldRole:
    """A role as somebody holds it: a built-in one by name, or a custom one by its actions."""

    role: str
    actions: frozenset[str] = frozenset()

    def contains(self, perm: str) -> bool:
        """Tell whether the role contains an action."""
        if self.role == Role.CUSTOM:
            return perm in self.actions
        return role_contains(self.role, perm)

    def all_actions(self) -> frozenset[str]:
        """Return every permission name that the role contains."""
        return frozenset(perm for perm in known_permissions() if self.contains(perm))


def held_role(role: str, custom_actions: Iterable[str] | None) -> HeldRole:
    """Return the role of a membership; `custom_actions` is None for a built-in one."""
    return HeldRole(role, frozenset(custom_actions or ()))


def role_contains(role: str, perm: str) -> bool:
    """Tell whether a built-in role contains an action."""
    app_label, codename = perm.split(".", 1)
    action, _, model_name = codename.rpartition("_")
    model = f"{app_label}.{model_name}"
    if role == Role.ADMIN:
        return True
    if action == "view":
        return role == Role.OPERATOR or (role == Role.VIEWER and model not in NOT_FOR_VIEWERS)
    return role == Role.OPERATOR and model in OPERATED and action not in FOR_ADMINS


def roles_containing(perm: str) -> list[str]:
    """Return the built-in roles that contain an action."""
    return [role for role in BUILT_IN if role_contains(role, perm)]


def actions_of(actor: Actor, organization: Organization) -> frozenset[str]:
    """Return every permission name that the actor holds on the organization by their roles."""
    if actor.is_unrestricted:
        return known_permissions()
    if actor.user is None or not organization.is_active:
        return frozenset()
    if actor.ceiling is not None and actor.ceiling.pk != organization.pk:
        return frozenset()
    here = [
        role
        for role, paths in actor.role_paths().items()
        if any(organization.path.startswith(path) for path in paths)
    ]
    held = frozenset().union(*(role.all_actions() for role in here))
    return frozenset(perm for perm in held if actor.may_attempt(perm))


def require_within(actor: Actor, organization: Organization, actions: Iterable[str]) -> None:
    """Refuse to give anybody more than the actor holds on the organization themselves.

    Raises Forbidden (`accounts.wider_than_own`), which names up to three of the actions.
    """
    wider = sorted(set(actions) - actions_of(actor, organization))
    if wider:
        raise Forbidden(
            "accounts.wider_than_own",
            f"You cannot give more than you hold on {organization} yourself. "
            f"You lack: {_in_words(wider)}.",
        )


def action_in_words(perm: str) -> str:
    """Return "change devices" for `devices.change_device`."""
    app_label, codename = perm.split(".", 1)
    action, _, model_name = codename.rpartition("_")
    plural = apps.get_model(app_label, model_name)._meta.verbose_name_plural
    return f"{action.replace('_', ' ')} {plural}"


def _in_words(perms: list[str], shown: int = 3) -> str:
    words = ", ".join(action_in_words(perm) for perm in perms[:shown])
    more = len(perms) - shown
    return f"{words} and {more} more" if more > 0 else words
