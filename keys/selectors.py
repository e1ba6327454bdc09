"""Reads of keys and variables that pages, builds and the gateway share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.fields import Sealed
from keys.models import ApiKey, EnvVar
from keys.services import key_digest

_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_LEVELS = {"organization": 0, "source": 1, "mesh": 2, "device": 3}


def api_key_authenticate(presented: str, *, digest_accepted: bool = False) -> ApiKey | None:
    """Return the live key whose text was presented, or None; by equality of digests only.

    Deployed THiNX devices may present the SHA-256 of their key instead of the key; the gateway
    asks for that with `digest_accepted`. Text that cannot be a key costs no query.
    """
    return api_keys_authenticate([presented], digest_accepted=digest_accepted).get(presented)


def api_keys_authenticate(
    presented: Iterable[str], *, digest_accepted: bool = False
) -> dict[str, ApiKey]:
    """Return the live keys among what was presented, by their texts as presented. One query."""
    digests: dict[str, list[str]] = {}
    for said in presented:
        text = said.strip().strip("\"'").lower()
        if _HEX64.match(text):
            digests[said] = [key_digest(text), text] if digest_accepted else [key_digest(text)]
    if not digests:
        return {}
    asked = {digest for several in digests.values() for digest in several}
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = ApiKey.objects.filter(live, revoked_at=None, digest__in=asked).order_by()
    keys = {key.digest: key for key in rows.select_related("organization", "user", "device")}
    found = {said: [keys[d] for d in several if d in keys] for said, several in digests.items()}
    return {said: several[0] for said, several in found.items() if several}


@dataclass(frozen=True)
class EffectiveVariable:
    """A variable as one device's firmware gets it, and the level it comes from."""

    name: str
    variable: EnvVar
    level: str

    @property
    def is_secret(self) -> bool:
        """Tell whether the value must be redacted from logs."""
        return self.variable.is_secret

    @property
    def plain(self) -> str:
        """Return the value itself, that of a secret included: for devices, never for a page."""
        value: Any = self.variable.value
        return value.reveal() if isinstance(value, Sealed) else f"{value}"


def devices_using(actor: Any, key: ApiKey) -> QuerySet[Any]:
    """Return the devices whose last call presented this key, as far as the actor may see them."""
    return _devices(actor).filter(
        organization=key.organization_id, state__last_key_prefix=key.prefix
    )


def devices_using_any(actor: Any, keys: list[ApiKey]) -> QuerySet[Any]:
    """Return the devices whose last call presented one of these keys."""
    rule = Q(pk__in=[])
    for key in keys:
        rule |= Q(organization=key.organization_id, state__last_key_prefix=key.prefix)
    return _devices(actor).filter(rule)


def _devices(actor: Any) -> QuerySet[Any]:
    return apps.get_model("devices", "Device").objects.allowed(actor).order_by("alias", "pk")


def effective_variables(
    organization: Any, *, source: Any = None, device: Any = None
) -> list[EffectiveVariable]:
    """Return the variables in force, nearest level winning, by name. One query.

    Those of the device's meshes are in force as well; of two meshes with the same name the one
    whose mesh id comes first wins.
    """
    rule = Q(source=None, mesh=None, device=None)
    if source is not None:
        rule |= Q(source=source)
    if device is not None:
        rule |= Q(device=device) | Q(mesh__in=device.meshes.order_by().values("pk"))
    nearest: dict[str, EnvVar] = {}
    rows = EnvVar.objects.filter(rule, organization=organization).order_by("mesh__mesh_id", "pk")
    for variable in rows:
        current = nearest.get(variable.name)
        if current is None or _LEVELS[variable.level] > _LEVELS[current.level]:
            nearest[variable.name] = variable
    return [EffectiveVariable(n, v, v.level) for n, v in sorted(nearest.items())]
