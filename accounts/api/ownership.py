"""What every API resource that belongs to an organization shares."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from rest_framework import serializers

from accounts.models import Organization
from accounts.selectors import actor_home
from core.api.serializers import ScopedModelSerializer, UidRelatedField
from core.api.viewsets import ModelViewSet
from core.scoping import may_in


class OwnedSerializer(ScopedModelSerializer):
    """Adds `organization`: chosen when the object is made, and never changed."""

    organization = UidRelatedField(
        queryset=Organization.objects.all(),
        required=False,
        help_text="Where it belongs. Left out: the organization of the API key, or your own.",
    )


class OwnedViewSet(ModelViewSet):
    """Puts new objects into the organization named, or into the actor's home."""

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the data with its organization; 403 when the actor may not add to it."""
        organization = self.organization_for(data)
        if not may_in(self.actor, self.queryset.model, "add", organization):
            raise PermissionDenied
        return {**data, "organization": organization}

    def organization_for(self, data: dict[str, Any]) -> Organization:
        """Return the organization of the new object."""
        organization = data.get("organization") or actor_home(self.actor)
        if organization is None:
            raise serializers.ValidationError({"organization": ["Say which organization."]})
        return organization
