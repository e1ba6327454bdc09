"""Which organizations want their members to have a second factor."""

from __future__ import annotations

from accounts.models import Membership, Organization, User


def demanding_organizations(user: User, limit: int = 3) -> list[str]:
    """Return the names of organizations that hold back a member without one.

    The demand of an organization covers those below it.
    """
    paths = Membership.objects.filter(user=user, organization__is_active=True).values_list(
        "organization__path", flat=True
    )
    steps = Organization.steplen
    above = {path[:end] for path in paths for end in range(steps, len(path) + 1, steps)}
    found = Organization.objects.filter(path__in=above, requires_second_factor=True)
    return list(found.order_by("name").values_list("name", flat=True)[:limit])
