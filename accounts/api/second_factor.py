"""REST of one's own second factors: seeing and removing them. Pages add them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.second_factor.factors import factor_get, factor_remove, factors_of
from core.api.permissions import actor_of, require_recent


class FactorSerializer(serializers.Serializer):
    """A second factor by its name and kind; nothing that it opens with."""

    uid = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(["totp", "sms", "passkey"], read_only=True)
    name = serializers.CharField(read_only=True)  # type: ignore[assignment]
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class OwnFactorView(APIView):
    """Only a browser session sees them: a key or a password alone must not undo them."""

    def person(self, request: Request) -> Any:
        """Return who is signed in; PermissionDenied for any other credential."""
        actor = actor_of(request)
        if actor.credential or actor.impersonator is not None:
            raise PermissionDenied
        return actor.user


class FactorListView(OwnFactorView):
    """Your second factors, the one used last first. Add one in the console."""

    name = "Second factors"

    @extend_schema(
        responses=FactorSerializer(many=True),
        operation_id="second_factors_list",
        tags=["second-factors"],
        summary="List your second factors",
    )
    def get(self, request: Request) -> Response:
        """Return the confirmed ones."""
        return Response(FactorSerializer(factors_of(self.person(request)), many=True).data)


class FactorDetailView(OwnFactorView):
    """One second factor of yours."""

    name = "Second factor"

    @extend_schema(
        request=None,
        responses={204: None},
        operation_id="second_factors_destroy",
        tags=["second-factors"],
        summary="Remove a second factor",
    )
    def delete(self, request: Request, uid: UUID) -> Response:
        """Remove it. Needs a session that proved lately who sits there."""
        factor = factor_get(self.person(request), uid)
        require_recent(actor_of(request))
        factor_remove(actor_of(request), factor=factor)
        return Response(status=204)
