"""Builds as a topic of notifications: whoever started one hears that it did not work."""

from __future__ import annotations

from django.conf import settings

from accounts.actor import Actor
from accounts.services.news import tell_person
from accounts.topics import Topic, topics
from builds.models import Build
from core.scoping import is_allowed


@topics.register
class BuildNews(Topic):
    """Sent by `build_failed_news`."""

    slug = "builds"
    label = "Builds"
    text = "When a build that you started fails."
    default = ("email",)


def build_failed_news(build: Build, *, message: str) -> None:
    """Tell the person who started a build that it failed, if they still may see it."""
    person = build.created_by
    if person is None:
        return
    # By mail there is no session that could show a second factor.
    if not is_allowed(build, Actor.for_user(person, verified=not person.is_superuser), "view"):
        return
    context = {
        "build": f"{build}",
        "device": f"{build.device}" if build.device else "",
        "message": message,
        "url": f"{settings.PUBLIC_URL}{build.get_absolute_url()}",
    }
    tell_person(person, "builds", "build_failed", context)
