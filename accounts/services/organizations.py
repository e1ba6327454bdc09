"""Organizations: making, renaming, and their place in the tree."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import OrganizationChanged, OrganizationCreated
from accounts.models import Membership, Organization, User
from audit.recorder import record


@transaction.atomic
def organization_create(
    actor: Actor, *, name: str, admin: User, parent: Organization | None = None
) -> Organization:
    """Create a shared organization with its first admin. Audits."""
    organization = plant(Organization(name=name), parent)
    Membership.objects.create(user=admin, organization=organization, role=Role.ADMIN)
    record(actor, OrganizationCreated, organization, organization=organization, name=name)
    return organization


@transaction.atomic
def organization_rename(actor: Actor, *, organization: Organization, name: str) -> Organization:
    """Change what an organization is called; its owner id stays. Audits."""
    organization.name = name
    organization.full_clean()
    organization.save(update_fields=["name"])
    record(actor, OrganizationChanged, organization, organization=organization, name=name)
    return organization


def plant(organization: Organization, parent: Organization | None) -> Organization:
    """Put a new organization below its parent, or at the root."""
    if parent is None:
        return Organization.objects.add_root(instance=organization)
    return Organization.objects.add_child(parent, instance=organization)
