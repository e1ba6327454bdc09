"""People and organizations."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership, Organization, User
from accounts.services import user_create

PASSWORD = "correct horse battery"


class OrganizationFactory(DjangoModelFactory[Organization]):
    """A root organization."""

    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Organization {n}")

    @classmethod
    def _create(cls, model_class, *args, parent=None, **kwargs):
        node = Organization(**kwargs)
        if parent:
            return Organization.objects.add_child(parent, instance=node)
        return Organization.objects.add_root(instance=node)


def make_user(name: str, **kwargs) -> User:
    """Create a person with a personal organization through the service."""
    return user_create(
        Actor.named_system("tests"),
        email=f"{name}@example.org",
        username=name,
        password=PASSWORD,
        **kwargs,
    )


def join(user: User, organization: Organization, role: str = Role.ADMIN) -> Membership:
    """Make the person a member."""
    return Membership.objects.create(user=user, organization=organization, role=role)
