"""REST of transfers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from audit.models import AuditEvent
from core.api.viewsets import ReadOnlyViewSet
from devices.models import Device
from fleet.transfers.api.serializers import (
    TransferAnswerSerializer,
    TransferItemSerializer,
    TransferProofSerializer,
    TransferRequestSerializer,
    TransferSerializer,
    TransferVerdictSerializer,
)
from fleet.transfers.filters import TransferFilterSet
from fleet.transfers.proofs import proof_check, proof_shown
from fleet.transfers.requesting import transfer_request
from fleet.transfers.selectors import PARTIES, items_of
from fleet.transfers.services import (
    transfer_accept,
    transfer_decline,
    transfer_retry,
    transfer_withdraw,
)


class TransferViewSet(ReadOnlyViewSet):
    """Devices that change hands. Each side has an entry of its own; newest first."""

    queryset = PARTIES
    serializer_class = TransferSerializer
    filterset_class = TransferFilterSet
    ordering_fields = ("created_at", "direction")
    action_permissions = {
        # Whether each device may be transferred is asked for the devices.
        "create": "view",
        "items": "view",
        "accept": "answer",
        "decline": "answer",
        "retry": "answer",
        "withdraw": "withdraw",
        "proof": "view",
        "verify": "view",
    }
    action_serializers = {
        "create": TransferRequestSerializer,
        "accept": TransferAnswerSerializer,
        "decline": TransferAnswerSerializer,
        "verify": TransferProofSerializer,
    }
    sudo_actions = frozenset({"create", "accept", "retry"})

    @extend_schema(
        summary="Offer devices to somebody else",
        request=TransferRequestSerializer,
        responses={201: TransferSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Offer devices; the answer is the same whether or not the recipient has an account."""
        data = self.valid_data()
        party = transfer_request(self.actor, devices=self._devices(data.pop("devices")), **data)
        shown = self.represent(party)
        return Response(shown, status=201, headers={"Location": shown["href"]})

    @extend_schema(responses=TransferItemSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def items(self, request: Request, uid: Any) -> Response:
        """List the devices, and what became of each."""
        rows = items_of(self.get_object().transfer)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(TransferItemSerializer(page, many=True).data)

    @extend_schema(request=TransferAnswerSerializer, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, uid: Any) -> Response:
        """Accept devices; a worker moves them. What is left out can be accepted for an hour."""
        party, data = self.get_object(), self.valid_data()
        return Response(self.represent(transfer_accept(self.actor, party=party, **data)))

    @extend_schema(request=TransferAnswerSerializer, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, uid: Any) -> Response:
        """Decline devices."""
        party, data = self.get_object(), self.valid_data()
        return Response(self.represent(transfer_decline(self.actor, party=party, **data)))

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: Any) -> Response:
        """Take back what was not accepted."""
        return Response(self.represent(transfer_withdraw(self.actor, party=self.get_object())))

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, uid: Any) -> Response:
        """Have what failed tried again."""
        return Response(self.represent(transfer_retry(self.actor, party=self.get_object())))

    @extend_schema(responses=TransferProofSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def proof(self, request: Request, uid: Any) -> Response:
        """Return the proofs: signed documents whose digests stand in both audit logs."""
        proofs = self.get_object().transfer.proofs.all()
        return Response([proof_shown(proof) for proof in proofs])

    @extend_schema(request=TransferProofSerializer, responses=TransferVerdictSerializer)
    @action(detail=False, methods=["post"])
    def verify(self, request: Request) -> Response:
        """Check a proof: its signature, and whether an audit log that you may see has it."""
        verdict = proof_check(self.valid_data(), AuditEvent.objects.allowed(self.actor))
        found = {
            "valid": verdict.is_valid,
            "signed": verdict.is_signed,
            "recorded": verdict.recorded,
            "digest": verdict.digest,
        }
        return Response(TransferVerdictSerializer(found).data)

    def _devices(self, uids: list[Any]) -> list[Device]:
        seen = Device.objects.allowed(self.actor).filter(uid__in=uids)
        found = list(seen.select_related("organization", "state").order_by("pk"))
        if len(found) < len({*uids}):
            raise ValidationError({"devices": ["Not all of these devices exist."]})
        permitted = Device.objects.allowed(self.actor, "transfer").filter(uid__in=uids)
        if permitted.count() < len(found):
            raise PermissionDenied
        return found
