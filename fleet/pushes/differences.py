"""What a push would change on each device, before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from devices.models import Device
from fleet.pushes.applying import revertible
from fleet.pushes.known import Kept, kept_before, known_values
from fleet.pushes.models import DOTS, ConfigPush
from fleet.pushes.selectors import chosen_devices
from keys.models import EnvVar


@dataclass(frozen=True)
class Difference:
    """One variable of one device. `old` is None where nobody knows; secrets are dots."""

    name: str
    old: str | None
    new: str
    is_same: bool


def preview_devices(actor: Any, push: ConfigPush) -> Any:
    """Return the devices that a push would go to now."""
    if push.reverts_id:
        receipts = revertible(actor, push.reverts).values("device_id")
        return Device.objects.filter(pk__in=receipts).select_related("organization")
    return chosen_devices(actor, push).select_related("organization")


def differences(actor: Any, push: ConfigPush, devices: Sequence[Device]) -> None:
    """Give each of these devices its `differences`. As many queries for one as for many."""
    ids = [device.pk for device in devices]
    visible = EnvVar.objects.allowed(actor).filter(name__in=push.names)
    known = known_values(ids, push.names, visible=visible)
    wanted = _wanted(push, ids)
    for device in devices:
        new = wanted.get(device.pk, Kept())
        old = known[device.pk]
        device.differences = [  # type: ignore[attr-defined]
            _difference(name, old, new) for name in new.values
        ]


def _wanted(push: ConfigPush, ids: Sequence[int]) -> dict[int, Kept]:
    if push.reverts_id:
        return kept_before(push.reverts, ids)
    values = Kept(push.values(), {*push.secret_names})
    return dict.fromkeys(ids, values)


def _difference(name: str, old: Kept, new: Kept) -> Difference:
    before, after = old.values.get(name), new.values[name]
    is_secret = name in old.secret_names or name in new.secret_names
    return Difference(
        name,
        DOTS if before is not None and is_secret else before,
        DOTS if is_secret else after,
        before == after,
    )
