"""REST of sharing and access: what every resource whose objects can be shared has below it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.models import UserGroup
from accounts.selectors.access import people_reaching, possibilities
from accounts.selectors.access_page import (
    AccessRow,
    group_rows,
    key_rows,
    may_words,
    person_rows,
    sees_everybody,
)
from accounts.selectors.shares import Share, person_by_email, share_by_uid, shares_of
from accounts.services.sharing import (
    object_share,
    object_unshare,
    person_to_share_with,
    share_change,
)
from core.api.serializers import ScopedSerializer, UidRelatedField

# What the actions of these resources need; each viewset has them among its own.
ACCESS = {"access": "view"}
SHARING = {
    **ACCESS,
    "shares": "share",
    "shares_add": "share",
    "share": "share",
    "share_change": "share",
    "share_end": "view",
}


class ShareSerializer(serializers.Serializer):
    """What a person or a group was given on one object. `uid` is the person's or the group's."""

    href = serializers.SerializerMethodField()
    uid = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(["person", "group"], read_only=True)
    name = serializers.CharField(read_only=True, source="to")  # type: ignore[assignment]
    actions = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    granted_at = serializers.DateTimeField(read_only=True)
    granted_by = serializers.CharField(read_only=True, allow_null=True)

    def get_href(self, share: Share) -> str:
        """Return its own address."""
        return f"{self.context['base']}{share.uid}/"

    def get_actions(self, share: Share) -> list[str]:
        """Return the actions by name."""
        return sorted(share.actions)


class ShareChangeSerializer(ScopedSerializer):
    """Which actions, and until when. `view` is always among them."""

    actions = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=20
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Null: until it is withdrawn."
    )


class ShareAddSerializer(ShareChangeSerializer):
    """With whom: the e-mail address of a person who has an account, or a group's uid."""

    person = serializers.EmailField(required=False, max_length=254)
    group = UidRelatedField(queryset=UserGroup.objects.all(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Demand one of the two."""
        if bool(attrs.get("person")) == bool(attrs.get("group")):
            raise serializers.ValidationError({"person": ["Name one person or one group."]})
        return attrs


class AccessRowSerializer(serializers.Serializer):
    """Who may do what, and why. The uid is null for an address that nobody uses."""

    kind = serializers.ChoiceField(["person", "group"], read_only=True)
    uid = serializers.UUIDField(read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True)  # type: ignore[assignment]
    actions = serializers.ListField(child=serializers.CharField(), read_only=True)
    words = serializers.CharField(read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)


class AccessKeySerializer(serializers.Serializer):
    """An API key that reaches the object."""

    uid = serializers.UUIDField(read_only=True, source="key.uid")
    name = serializers.CharField(read_only=True, source="key.alias")  # type: ignore[assignment]
    words = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True, source="text")


class AccessSerializer(serializers.Serializer):
    """Everybody who reaches an object. Without the right to share it: oneself alone."""

    count = serializers.IntegerField(read_only=True)
    next = serializers.URLField(read_only=True, allow_null=True)
    previous = serializers.URLField(read_only=True, allow_null=True)
    whole = serializers.BooleanField(
        read_only=True, help_text="False: you see yourself alone, since you may not share it."
    )
    results = AccessRowSerializer(many=True, read_only=True)
    groups = AccessRowSerializer(many=True, read_only=True)
    api_keys = AccessKeySerializer(many=True, read_only=True)


class AccessMixin:
    """GET `access/`: who may do what with one object, and why."""

    sharing_serializers: ClassVar[dict[str, Any]] = {"access": AccessSerializer}

    def get_serializer_class(self) -> Any:
        """Return the serializer of a body of ours, else the viewset's."""
        view: Any = self
        own = self.sharing_serializers.get(view.action)
        return own or super().get_serializer_class()  # type: ignore[misc]

    @extend_schema(
        summary="Who may do what with one, and why",
        responses=AccessSerializer,
        parameters=[
            OpenApiParameter(
                "person",
                OpenApiTypes.EMAIL,
                description="Ask what this person could do, as if they had shown their second "
                "factor: one line, also for somebody who may do nothing.",
            ),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
    )
    @action(detail=True, filter_backends=[])
    def access(self, request: Request, uid: Any) -> Response:
        """Return who reaches the object by a role, a share or an API key, with the reasons."""
        view: Any = self
        obj = view.get_object()
        whole = sees_everybody(view.actor, obj)
        asked = request.query_params.get("person", "")
        if asked and whole:
            answer: dict[str, Any] = {"count": 1, "next": None, "previous": None}
            answer |= {"results": [_possible(view.actor, obj, asked)], "groups": [], "api_keys": []}
            return Response({**AccessSerializer({**answer, "whole": whole}).data})
        people = people_reaching(obj)
        if not whole:
            people = people.filter(pk=getattr(view.actor.user, "pk", None))
        rows = person_rows(view.actor, obj, view.paginate_queryset(people))
        answer = view.paginator.get_paginated_response([_row(row) for row in rows]).data
        answer["groups"] = [_row(row) for row in group_rows(obj)] if whole else []
        answer["api_keys"] = key_rows(view.actor, obj) if whole else []
        return Response(AccessSerializer({**answer, "whole": whole}).data)


class SharingMixin(AccessMixin):
    """`shares/` below one object: list, add, change and end what others were given."""

    sharing_serializers: ClassVar[dict[str, Any]] = {
        **AccessMixin.sharing_serializers,
        "shares": ShareSerializer,
        "shares_add": ShareAddSerializer,
        "share": ShareSerializer,
        "share_change": ShareChangeSerializer,
        "share_end": ShareSerializer,
    }

    @extend_schema(summary="List the shares of one", responses=ShareSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def shares(self, request: Request, uid: Any) -> Response:
        """Return with whom the object is shared, what they may do, and until when."""
        view: Any = self
        shares = shares_of(view.get_object())
        return Response(ShareSerializer(shares, many=True, context=self._shown()).data)

    @extend_schema(
        summary="Share one", request=ShareAddSerializer, responses={201: ShareSerializer}
    )
    @shares.mapping.post
    def shares_add(self, request: Request, uid: Any) -> Response:
        """Share the object with a person or a group; nobody gives more than they hold here."""
        view: Any = self
        obj, data = view.get_object(), view.valid_data()
        to = data.get("group") or person_to_share_with(view.actor, email=data["person"])
        actions, until = data.get("actions", ()), data.get("expires_at")
        share = object_share(view.actor, obj=obj, to=to, actions=actions, until=until)
        shown = ShareSerializer(share, context=self._shown()).data
        return Response(shown, status=201, headers={"Location": shown["href"]})

    @extend_schema(summary="Show one share", responses=ShareSerializer)
    @action(
        detail=True, url_path="shares/<uuid:recipient>", pagination_class=None, filter_backends=[]
    )
    def share(self, request: Request, uid: Any, recipient: UUID) -> Response:
        """Return what this person or group was given."""
        view: Any = self
        share = self._share(view.get_object(), recipient)
        return Response(ShareSerializer(share, context=self._shown()).data)

    @extend_schema(
        summary="Change one share", request=ShareChangeSerializer, responses=ShareSerializer
    )
    @share.mapping.patch
    def share_change(self, request: Request, uid: Any, recipient: UUID) -> Response:
        """Change the actions or the end; what is left out stays."""
        view: Any = self
        share, data = self._share(view.get_object(), recipient), view.valid_data()
        changed = share_change(
            view.actor,
            obj=share.obj,
            to=share.to,
            actions=data.get("actions", share.actions),
            until=data.get("expires_at", share.expires_at),
        )
        return Response(ShareSerializer(changed, context=self._shown()).data)

    @extend_schema(summary="Withdraw one share", responses={204: None})
    @share.mapping.delete
    def share_end(self, request: Request, uid: Any, recipient: UUID) -> Response:
        """Take back what was given; it ends at once. Everybody may give up their own."""
        view: Any = self
        share = self._share(view.get_object(), recipient)
        object_unshare(view.actor, obj=share.obj, to=share.to)
        return Response(status=204)

    def _share(self, obj: Any, recipient: UUID) -> Share:
        share = share_by_uid(obj, recipient)
        if share is None:
            raise Http404
        return share

    def _shown(self) -> dict[str, Any]:
        view: Any = self
        name = f"api:{view.basename}-shares"
        base = reverse(name, kwargs={"uid": view.kwargs["uid"]}, request=view.request)
        return {"base": base}


def _row(row: AccessRow) -> dict[str, Any]:
    return {
        "kind": "group" if isinstance(row.who, UserGroup) else "person",
        "uid": row.uid,
        "name": f"{row.who}" if isinstance(row.who, UserGroup) else row.who.email,
        "actions": sorted(row.actions),
        "words": row.words,
        "reasons": row.reasons,
    }


def _possible(actor: Any, obj: Any, email: str) -> dict[str, Any]:
    """Return one line for the address; the same for a stranger and for nobody."""
    person = person_by_email(email)
    lines = possibilities(actor, obj, person)
    actions = [line.action for line in lines if line.is_allowed]
    reasons = [reason for line in lines for reason in line.reasons]
    return {
        "kind": "person",
        "uid": person.uid if person is not None and actions else None,
        "name": email,
        "actions": sorted(actions),
        "words": may_words(obj, actions),
        "reasons": list(dict.fromkeys(reasons)),
    }
