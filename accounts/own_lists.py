"""`request.lists`: what the person behind a request keeps of the list at hand."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import ListPreference, SavedView
from accounts.tree import paths_above


class OwnLists:
    """The seam by which lists, which know no people, ask; a query for each question."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def preference(self, list_name: str) -> ListPreference | None:
        """Return how the person wants the list, if they ever said."""
        user = self._request.actor.user
        return ListPreference.objects.filter(user=user, list_name=list_name).first()

    def views(self, list_name: str) -> QuerySet[SavedView]:
        """Return the person's own views of the list, then those shared where they look.

        That is the organization chosen in the header and those above it; without one, where they
        hold a role.
        """
        actor, chosen = self._request.actor, self._request.organization
        own = Q(organization__is_personal=True, organization__memberships__user=actor.user)
        if chosen:
            near = Q(organization__path__in=[*paths_above(chosen.path), chosen.path])
            near &= Q(organization__is_personal=False)
        else:
            near = Q(organization__memberships__user=actor.user)
        rows = SavedView.objects.allowed(actor).filter(own | near, list_name=list_name)
        rows = rows.select_related("organization").distinct()
        return rows.order_by("-organization__is_personal", "name", "pk")
