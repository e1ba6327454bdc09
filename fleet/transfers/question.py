"""The link in the mail: leads whoever it is for, once signed in, to the page that asks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from accounts.selectors.people import own_organization
from core.exceptions import DomainError
from core.views.base import ScopedViewMixin
from fleet.transfers.models import Transfer, TransferParty
from fleet.transfers.requesting import transfer_claim
from fleet.transfers.selectors import claimable
from fleet.transfers.words import sentences


class TransferQuestionView(ScopedViewMixin, View):
    """For a side of the transfer, its page; for an address that has an account since, the offer.

    Everybody else learns nothing: 404. Nothing is answered here.
    """

    queryset = TransferParty.objects.select_related("transfer")

    def get(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Go on to the page, or show the offer."""
        parties = self.queryset.allowed(self.actor).filter(transfer__uid=uid)
        party = parties.order_by("direction").first()  # incoming before outgoing
        if party is not None:
            return redirect(party.get_absolute_url())
        return self._page(self._offer(uid))

    def post(self, request: HttpRequest, uid: Any) -> HttpResponse:
        """Take the offer into one's own organization, to be answered there."""
        transfer, person = self._offer(uid), self.actor.user
        try:
            party = transfer_claim(self.actor, uid=uid, organization=own_organization(person))
        except DomainError as error:
            messages.error(request, error.message)
            return self._page(transfer, error.status)
        return redirect(party.get_absolute_url())

    def _offer(self, uid: Any) -> Transfer:
        transfer = claimable(self.actor, uid)
        if transfer is None:
            raise Http404
        return transfer

    def _page(self, transfer: Transfer, status: int = 200) -> HttpResponse:
        context = {
            "title": f"Devices from {transfer.sender_name}",
            "objects": list(transfer.items.all()[:11]),
            "consequences": [
                "You see the offer among your transfers then. Nothing moves before you accept.",
                *sentences(transfer),
            ],
            "typed": "",
            "submit_label": "See the offer",
            "cancel_url": reverse("dashboard"),
            "action_url": self.request.path,
        }
        return render(self.request, "generic/confirm.html", context, status=status)
