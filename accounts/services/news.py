"""News that people chose to hear, and the mail for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.actor import Actor
from accounts.models import Membership, User
from accounts.selectors.notifications import wants
from core.mail import send_mail


def tell_person(user: User, topic: str, template: str, context: dict[str, Any]) -> bool:
    """Mail somebody, if they are there and want to hear of this topic; tell whether.

    The template knows `name` and `settings_url`, where the choice can be changed.
    """
    if not user.is_active or not wants(user, topic, "email"):
        return False
    url = f"{settings.PUBLIC_URL}/accounts/notifications/"
    known = {"name": user.first_name, "settings_url": url}
    send_mail(template, user.email, {**known, **context}, language=user.language)
    return True


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
    context = {
        "organization": organization.name,
        "sentence": sentence,
        "url": "" if is_over else f"{settings.PUBLIC_URL}{organization.get_absolute_url()}",
    }
    tell_person(user, "organization", "role_changed", context)
