"""Who the caller is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import WhoAmISerializer
from accounts.selectors import actor_home, own_memberships
from core.api.permissions import actor_of


class WhoAmIView(APIView):
    """Who you are to this console. A first request for a script that checks its key."""

    name = "Who am I"

    @extend_schema(responses=WhoAmISerializer, operation_id="whoami", tags=["whoami"])
    def get(self, request: Request) -> Response:
        """Return the person, the credential, the organization of new objects, and the roles."""
        actor = actor_of(request)
        answer = {
            "person": actor.user,
            "credential": _credential(request, actor),
            "organization": actor_home(actor),
            "roles": own_memberships(actor),
        }
        return Response(WhoAmISerializer(answer, context={"request": request}).data)


def _credential(request: Request, actor: Any) -> dict[str, Any]:
    if not actor.credential:
        return {"kind": "session", "label": actor.label, "expires_at": None}
    key = getattr(request.auth, "key", None)
    if key is None:
        return {"kind": "password", "label": actor.label, "expires_at": None}
    expires_at = key.expires_at
    return {"kind": "api_key", "label": actor.label, "expires_at": expires_at}
