"""What apps below this one tell."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import Membership
from accounts.signals import role_told
from notifications.kinds.role_changed import RoleChanged
from notifications.services import notify


@receiver(role_told)
def tell_of_role(membership: Membership, sentence: str, is_over: bool, **_: Any) -> None:  # noqa: FBT001
    """Tell the person whose role changed; where they have none any more, there is no page."""
    organization = membership.organization
    url = "" if is_over else organization.get_absolute_url()
    notify(RoleChanged, organization, to=[membership.user], url=url, message=sentence)
