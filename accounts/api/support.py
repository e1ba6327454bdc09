"""REST of people, for staff in a browser session: a key never reaches past its organization."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.selectors.support import people
from accounts.services.support import user_deactivate, user_end_sessions, user_reactivate
from accounts.support_tables import UserFilterSet
from core.api.serializers import HrefField
from core.api.viewsets import ReadOnlyViewSet


class UserSerializer(serializers.ModelSerializer):
    """A person, as staff see them."""

    href = HrefField("api:user-detail")

    class Meta:
        model = User
        fields = (
            "href",
            "uid",
            "email",
            "username",
            "first_name",
            "last_name",
            "is_active",
            "is_staff",
            "is_superuser",
            "second_factor_at",
            "last_login",
            "date_joined",
        )
        read_only_fields = fields


class EndedSerializer(serializers.Serializer):
    """How many sessions there were."""

    ended = serializers.IntegerField(read_only=True)


class UserViewSet(ReadOnlyViewSet):
    """Everybody who has an account. For a superuser's session with a second factor only."""

    name = "People"
    queryset = User.objects.order_by("email", "pk")
    serializer_class = UserSerializer
    filterset_class = UserFilterSet
    ordering_fields = ("email", "date_joined", "last_login")
    sudo_actions = frozenset({"deactivate", "reactivate", "end_sessions"})
    action_permissions = {
        "deactivate": "change",
        "reactivate": "change",
        "end_sessions": "change",
    }

    def get_queryset(self) -> Any:
        """Return everybody, or 404 for those who have no such list."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return people(self.actor).order_by("email", "pk")

    def get_object(self) -> Any:
        """Return the person."""
        return get_object_or_404(people(self.actor), uid=self.kwargs[self.lookup_field])

    def permits(self, obj: Any) -> bool:
        """Tell whether the pages of the API offer the action: as for the list, all or nothing."""
        return bool(self.actor.is_unrestricted)

    @extend_schema(request=None, responses=UserSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, uid: str) -> Response:
        """Keep the person out: sessions end, automation keys open nothing."""
        return Response(self.represent(user_deactivate(self.actor, user=self.get_object())))

    @extend_schema(request=None, responses=UserSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, uid: str) -> Response:
        """Let the person sign in again."""
        return Response(self.represent(user_reactivate(self.actor, user=self.get_object())))

    @extend_schema(request=None, responses=EndedSerializer)
    @action(detail=True, methods=["post"], url_path="end-sessions")
    def end_sessions(self, request: Request, uid: str) -> Response:
        """Sign the person out everywhere."""
        return Response({"ended": user_end_sessions(self.actor, user=self.get_object())})
