"""What this app has to tell people; the apps above see to it that they hear of it."""

from __future__ import annotations

from accounts.actor import Actor
from accounts.models import Membership
from accounts.signals import role_told


def role_news(
    actor: Actor, *, membership: Membership, before: str = "", is_over: bool = False
) -> None:
    """Tell a person that somebody else gave, changed or ended their role."""
    user, organization = membership.user, membership.organization
    if actor.user is not None and actor.user.pk == user.pk:
        return
    who = f"{actor.user}" if actor.user is not None else "This console"
    role = membership.role_name
    if is_over:
        sentence = f"{who} ended your role {before} in {organization}."
    elif before:
        sentence = f"{who} made you {role} of {organization}. You were {before} before."
    else:
        sentence = f"{who} made you {role} of {organization}."
    role_told.send(sender=Membership, membership=membership, sentence=sentence, is_over=is_over)
