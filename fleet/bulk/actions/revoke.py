"""Revokes the firmware keys of many devices."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied

from core.scoping import is_allowed
from fleet.bulk.registry import BulkAction, bulk_actions
from keys.models import ApiKey
from keys.services import api_key_revoke


@bulk_actions.register
class RevokeKeys(BulkAction):
    """The devices stay, and cannot call until they are given another key."""

    slug = "revoke"
    label = "Revoke keys"
    icon = "ban"
    style = "danger"
    order = 910
    question = "Revoke the firmware keys of"
    done_word = "without their firmware key"
    danger = True
    offered_for: ClassVar[Any] = ApiKey
    offered_to: ClassVar[str] = "delete"

    def consequences(self, devices: Any, count: int) -> list[str]:
        """Say what cannot be taken back."""
        found = ApiKey.objects.filter(device__in=devices.order_by().values("pk"), revoked_at=None)
        keys = found.count()
        return [
            f"{keys:,} firmware key{'' if keys == 1 else 's'}: firmware that carries "
            f"{'it' if keys == 1 else 'them'} can no longer call, within seconds.",
            "Devices that call with another key are not concerned: revoke that key itself.",
        ]

    def perform(self, actor: Any, device: Any) -> str | None:
        """Call the service, for who may revoke the key."""
        keys = ApiKey.objects.select_related("organization")
        key = keys.filter(device=device, revoked_at=None).first()
        if key is None:
            return "It has no firmware key."
        if not is_allowed(key, actor, "delete"):
            raise PermissionDenied
        api_key_revoke(actor, key=key)
        return None
