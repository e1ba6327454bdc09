"""Every action that a custom role may contain, grouped by what it is done to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.apps import apps
from django.utils.text import capfirst

from core.grants import GrantFields

# Roles are edited by admins only, whatever a custom role says.
NOT_OFFERED = {f"accounts.{action}_customrole" for action in ("add", "change", "delete")}
# Whoever holds any role sees where they hold it.
ALWAYS = "accounts.view_organization"
# What belongs to something else and is seen with it; nobody ticks these by themselves.
SEEN_WITH = {
    "devices.view_device": "devices.view_devicestate",
    "builds.view_build": "builds.view_buildlogline",
    "fleet.view_bulkjob": "fleet.view_bulkjobitem",
    "fleet.view_configpush": "fleet.view_configreceipt",
    "fleet.view_configreceipt": "fleet.view_configvariant",
    "notifications.view_notificationrule": "notifications.view_notificationdelivery",
}
USUAL = ("view", "add", "change", "delete")
# In the order in which people meet them; what is not named here comes after.
ORDER = (
    "devices.device",
    "devices.mesh",
    "fleet.configpush",
    "fleet.bulkjob",
    "fleet.transferparty",
    "devices.statustransformer",
    "builds.source",
    "builds.build",
    "builds.artifact",
    "keys.apikey",
    "keys.deploykey",
    "keys.envvar",
    "notifications.notificationrule",
    "accounts.organization",
    "accounts.membership",
    "accounts.invitation",
    "accounts.usergroup",
    "accounts.customrole",
    "accounts.savedview",
    "audit.auditevent",
)


@dataclass(frozen=True)
class OfferedAction:
    """One action: its permission name, and the word for it."""

    perm: str
    word: str


@dataclass(frozen=True)
class OfferedModel:
    """What may be done to one kind of object."""

    label: str
    usual: tuple[OfferedAction | None, ...]
    others: tuple[OfferedAction, ...]

    @property
    def actions(self) -> list[OfferedAction]:
        """Return all of them."""
        return [action for action in (*self.usual, *self.others) if action is not None]


@lru_cache(maxsize=1)
def catalogue() -> tuple[OfferedModel, ...]:
    """Return the kinds of objects that belong to organizations, with their actions."""
    models = [
        model
        for model in apps.get_models()
        if hasattr(model, "scope_path") and not issubclass(model, GrantFields)
    ]
    models.sort(key=lambda model: (_place(model._meta.label_lower), model._meta.label_lower))
    offered = [_offered(model) for model in models]
    return tuple(entry for entry in offered if entry.actions)


@lru_cache(maxsize=1)
def offered_permissions() -> frozenset[str]:
    """Return the permission names of the whole catalogue."""
    return frozenset(action.perm for entry in catalogue() for action in entry.actions)


def with_implied(actions: Iterable[str]) -> list[str]:
    """Return the actions with those they need: seeing the object, and where the role is held."""
    wanted = {ALWAYS, *actions}
    for perm in list(wanted):
        app_label, codename = perm.split(".", 1)
        view = f"{app_label}.view_{codename.rpartition('_')[2]}"
        if view in offered_permissions():
            wanted.add(view)
    for whole, part in SEEN_WITH.items():
        if whole in wanted:
            wanted.add(part)
    return sorted(wanted)


def role_in_words(actions: Iterable[str]) -> list[tuple[str, str]]:
    """Return (kind of object, "view, change") for each kind that the actions concern."""
    held = set(actions)
    found = []
    for entry in catalogue():
        words = [action.word for action in entry.actions if action.perm in held]
        if words:
            found.append((entry.label, ", ".join(words)))
    return found


def _offered(model: type) -> OfferedModel:
    meta = model._meta  # type: ignore[attr-defined]
    name, app_label = meta.model_name, meta.app_label
    usual = [
        OfferedAction(f"{app_label}.{action}_{name}", action)
        if action in meta.default_permissions
        else None
        for action in USUAL
    ]
    hidden = {*NOT_OFFERED, *SEEN_WITH.values()}
    others = [
        OfferedAction(
            f"{app_label}.{codename}", codename.removesuffix(f"_{name}").replace("_", " ")
        )
        for codename, _ in meta.permissions
    ]
    return OfferedModel(
        capfirst(f"{meta.verbose_name_plural}"),
        tuple(None if a is None or a.perm in hidden else a for a in usual),
        tuple(a for a in others if a.perm not in hidden),
    )


def _place(label: str) -> int:
    return ORDER.index(label) if label in ORDER else len(ORDER)
