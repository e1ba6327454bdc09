"""What people keep of lists: how one is laid out for them, and views of it by name."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from accounts.models.organizations import Organization
from accounts.models.people import User
from core.models import UidModel
from core.scoping import ScopedQuerySet

LAYOUTS = [("table", "Table"), ("cards", "Cards")]


class ListPreference(UidModel):
    """How one person wants one list. Empty or 0: as the list itself has it.

    `list_name` is the name of the list's route, such as `devices:device_list`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="list_preferences")
    list_name = models.CharField(max_length=80)
    columns = models.JSONField(default=list)
    layout = models.CharField(max_length=8, choices=LAYOUTS, blank=True)
    per_page = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "list_name"], name="one_preference_per_list")
        ]

    def __str__(self) -> str:
        return f"{self.list_name} of {self.user}"


class SavedView(UidModel):
    """Filters, order and columns of a list under a name: `query` is that of the list's URL.

    One in a personal organization is its person's own. Shared, it is in the organization whose
    members see it, so that one rule decides about both.
    """

    scope_path = "organization"

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="saved_views")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    list_name = models.CharField("list", max_length=80)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "list_name", "name"], name="one_saved_view_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the list as the view has it."""
        address = reverse(self.list_name)
        return f"{address}?{self.query}" if self.query else address
