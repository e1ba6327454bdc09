"""Reads of bulk jobs."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization
from accounts.selectors.organizations import actor_home
from core.exceptions import Forbidden
from core.scoping import may_in
from fleet.bulk.models import BulkJob


def place_for(actor: Any, devices: Any, chosen: Organization | None) -> Organization:
    """Return the organization that a job belongs to: the one that all its devices are in.

    Where they are of several, or the actor may not add a job there: the chosen one, else the
    actor's own. Raises Forbidden (bulk.no_place).
    """
    found = devices.order_by().values_list("organization", flat=True).distinct()[:2]
    homes = list(Organization.objects.filter(pk__in=list(found)))
    candidates = [homes[0] if len(homes) == 1 else None, chosen, actor_home(actor)]
    for organization in candidates:
        if organization is not None and may_in(actor, BulkJob, "add", organization):
            return organization
    raise Forbidden("bulk.no_place", "There is no organization in which you may start bulk jobs.")
