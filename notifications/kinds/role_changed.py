"""A person's role was given, changed or ended by somebody else."""

from __future__ import annotations

from notifications.kinds._base import Kind, kinds


@kinds.register
class RoleChanged(Kind):
    """Sent by accounts.services.news, through a signal."""

    slug = "organization"
    label = "Your organizations"
    text = "When somebody gives you a role, changes it or takes it away."
    default = ("inbox", "email")
    one = "Your role in {organization} changed"
    many = "{count} of your roles in {organization} changed"
    button = "Open the organization"
    icon = "users"
    pause = 0
    for_rules = False
