"""Console pages of transfers: asking, the list, one side of one, and its answers."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.exceptions import DomainError
from core.views import (
    Action,
    BulkActionView,
    EmptyState,
    Fact,
    ObjectActionView,
    ObjectListView,
    ObjectView,
    register_bulk_action,
    register_model_view,
)
from core.views.paging import paginate, totals
from devices.filters import DeviceFilterSet
from devices.models import Device
from fleet.transfers.choices import OPEN, ItemState
from fleet.transfers.filters import TransferFilterSet
from fleet.transfers.forms import ChosenItemsForm, TransferForm
from fleet.transfers.models import TransferParty
from fleet.transfers.proofs import proof_shown
from fleet.transfers.requesting import transfer_request
from fleet.transfers.selectors import PARTIES, items_of, proof_events, with_counts
from fleet.transfers.services import (
    transfer_accept,
    transfer_decline,
    transfer_retry,
    transfer_withdraw,
)
from fleet.transfers.tables import TransferItemTable, TransferTable
from fleet.transfers.words import SENDER_FIRST, WHAT_FOLLOWS, option_sentences, sentences


def is_open(party: TransferParty) -> bool:
    """Tell whether the recipient can still answer."""
    return party.is_incoming and party.transfer.state in OPEN


def has_failed(party: TransferParty) -> bool:
    """Tell whether something can be tried again."""
    return party.is_incoming and party.transfer.items.filter(state=ItemState.FAILED).exists()


def can_withdraw(party: TransferParty) -> bool:
    """Tell whether something can still be taken back."""
    return not party.is_incoming and party.transfer.state in OPEN


def has_proof(party: TransferParty) -> bool:
    """Tell whether there is a proof to download."""
    return party.transfer.proofs.exists()


ANSWERS = (
    Action("Accept", "accept", permission="answer", icon="check", style="primary", shown=is_open),
    Action("Decline", "decline", permission="answer", icon="x", shown=is_open),
    Action(
        "Withdraw",
        "withdraw",
        permission="withdraw",
        icon="ban",
        style="danger",
        shown=can_withdraw,
    ),
)
OF_ONE = (
    *ANSWERS,
    Action("Try again", "retry", permission="answer", icon="refresh", shown=has_failed),
    Action("Proof", "proof", permission="view", icon="download", shown=has_proof),
)
register_bulk_action(
    Device,
    Action(
        "Transfer", "bulk_transfer", permission="transfer", icon="arrows-exchange", dialog=False
    ),
    order=900,
)


@register_model_view(Device, "bulk_transfer", detail=False)
class DeviceBulkTransferView(BulkActionView):
    """Asks to whom the chosen devices go and what goes along, and offers them."""

    queryset = Device.objects.select_related("organization", "state")
    filterset_class = DeviceFilterSet
    action = "transfer"
    sudo = True
    form_class = TransferForm
    submit_label = "Transfer"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, or offer all of them together."""
        self.offered: TransferParty | None = None
        answer = super().post(request, *args, **kwargs)
        if self.offered is not None:
            return redirect(self.offered.get_absolute_url())
        failed = self.form is not None and self.form.is_bound and self.form.errors
        return self._ask(self.rows) if failed else answer

    def consequences(self, rows: list[Any]) -> list[str]:
        """Say what the choices below do not change."""
        return [SENDER_FIRST, *WHAT_FOLLOWS]

    def _perform_all(self, rows: list[Any]) -> None:
        self.rows = rows
        try:
            self.offered = transfer_request(self.actor, devices=rows, **self.form.cleaned_data)
        except DomainError as error:
            _show(self.form, error)
        else:
            messages.success(self.request, "The transfer is offered. The recipient gets a mail.")


@register_model_view(Device, "transfer")
class DeviceTransferView(ObjectActionView):
    """The same for one device, from its page."""

    queryset = Device.objects.select_related("organization", "state")
    action = "transfer"
    sudo = True
    form_class = TransferForm
    title = "Transfer {}?"
    submit_label = "Transfer"

    def consequences(self, obj: Any) -> list[str]:
        """Say what the choices below do not change."""
        return [SENDER_FIRST, *WHAT_FOLLOWS]

    def perform(self, obj: Any, form: Any) -> TransferParty:
        """Call the service."""
        return transfer_request(self.actor, devices=[obj], **form.cleaned_data)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the transfer."""
        messages.success(self.request, "The transfer is offered. The recipient gets a mail.")
        return redirect(result.get_absolute_url())


@register_model_view(TransferParty, "list", detail=False)
class TransferListView(ObjectListView):
    """What is offered to the organization, and what it offers."""

    queryset = with_counts(PARTIES)
    filterset_class = TransferFilterSet
    table_class = TransferTable
    row_actions = ANSWERS
    lead = "Devices that change hands, with all that belongs to them."
    empty = EmptyState(
        "No transfers",
        "To hand devices over to somebody else, choose them in the list of devices and press "
        "Transfer. What others offer to you shows here, and you get a mail.",
        icon="arrows-exchange",
        button="See devices",
        leads_to="devices:device_list",
    )
    saved_views = (
        ("All", ""),
        ("Incoming", "direction=incoming"),
        ("Outgoing", "direction=outgoing"),
        ("Waiting", "state=open"),
    )


@register_model_view(TransferParty)
class TransferView(ObjectView):
    """One side of a transfer."""

    queryset = PARTIES
    template_name = "fleet/transferparty.html"
    actions = OF_ONE
    live_models = "fleet.transferparty"

    def status_value(self, obj: Any) -> str:
        """Return where it stands."""
        return obj.transfer.state

    def lead(self, obj: Any) -> str:
        """Return the word of the sender."""
        return obj.transfer.message

    def facts(self, obj: Any) -> list[Fact]:
        """Return who, when, and what was chosen."""
        transfer = obj.transfer
        into = obj.organization if obj.is_incoming else transfer.recipient
        return [
            Fact("Direction", obj.get_direction_display()),
            Fact("From", transfer.sender_name),
            Fact("To", transfer.addressed_to),
            *([Fact("Into", into)] if into else []),
            Fact("Asked by", transfer.requested_by or ""),
            Fact("Asked", time=transfer.requested_at),
            *([Fact("Open until", time=transfer.expires_at)] if transfer.state in OPEN else []),
            *([Fact("Accepted", time=transfer.answered_at)] if transfer.answered_at else []),
            *([Fact("Ended", time=transfer.ended_at)] if transfer.ended_at else []),
            Fact("Transfer id", f"{transfer.uid}", mono=True, copy=True),
        ]

    def extra_context(self, obj: Any) -> dict[str, Any]:
        """Add the devices, what happens with each, and the proofs."""
        table = paginate(TransferItemTable(items_of(obj.transfer)), self.request)
        items = [row.record for row in table.paginated_rows]
        seen = Device.objects.allowed(self.actor).filter(
            pk__in=[item.device_id for item in items if item.device_id]
        )
        pks = {*seen.order_by().values_list("pk", flat=True)}
        for item in items:
            item.page = item.device.get_absolute_url() if item.device_id in pks else ""
        return {
            "table": table,
            **totals(table),
            "request_path": "",
            "sentences": sentences(obj.transfer),
            "proofs": [
                (proof, proof_events(self.actor, proof)) for proof in obj.transfer.proofs.all()
            ],
        }


class TransferAnswerView(ObjectActionView):
    """A question about one side of a transfer."""

    queryset = PARTIES
    action = "answer"
    argument = "party"

    def pending(self, obj: Any) -> list[Any]:
        """Return the devices that nobody answered for yet."""
        return list(obj.transfer.items.filter(state=ItemState.PENDING))


@register_model_view(TransferParty, "accept")
class TransferAcceptView(TransferAnswerView):
    """Accepts all devices, or some."""

    sudo = True
    form_class = ChosenItemsForm
    title = "Accept the devices from {0.transfer.sender_name}?"
    submit_label = "Accept"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer what is pending."""
        return {"pending": self.pending(obj)}

    def consequences(self, obj: Any) -> list[str]:
        """Name what comes, and what becomes of the rest."""
        rest = "What you leave out stays with the sender and can be accepted for one more hour."
        return [f"They come into {obj.organization}.", *sentences(obj.transfer), rest]

    def perform(self, obj: Any, form: Any) -> Any:
        """Call the service."""
        transfer_accept(self.actor, party=obj, items=form.cleaned_data["items"])
        messages.success(self.request, "Accepted. The devices move one by one.")


@register_model_view(TransferParty, "decline")
class TransferDeclineView(TransferAnswerView):
    """Declines all that is pending."""

    title = "Decline the devices from {0.transfer.sender_name}?"
    submit_label = "Decline"
    service = transfer_decline
    success = "The transfer is declined."

    def consequences(self, obj: Any) -> list[str]:
        """Say what is declined."""
        count = len(self.pending(obj))
        what = "1 device stays" if count == 1 else f"{count} devices stay"
        return [f"{what} with {obj.transfer.sender_name}, who gets a mail."]


@register_model_view(TransferParty, "withdraw")
class TransferWithdrawView(TransferAnswerView):
    """Takes back what was not accepted."""

    action = "withdraw"
    title = "Withdraw the transfer to {0.transfer.addressed_to}?"
    submit_label = "Withdraw"
    cancel_label = "Keep it"
    danger = True
    service = transfer_withdraw
    success = "The transfer is withdrawn."

    def consequences(self, obj: Any) -> list[str]:
        """Say what is taken back."""
        return ["What was accepted already stays with the recipient. All else stays here."]


@register_model_view(TransferParty, "retry")
class TransferRetryView(TransferAnswerView):
    """Has what failed tried again."""

    sudo = True
    title = "Try the transfer from {0.transfer.sender_name} again?"
    submit_label = "Try again"
    service = transfer_retry
    success = "The devices that failed are tried again."

    def consequences(self, obj: Any) -> list[str]:
        """Name what failed, and why."""
        failed = obj.transfer.items.filter(state=ItemState.FAILED)
        return [f"{item}: {item.reason}" for item in failed[:10]] + option_sentences(obj.transfer)


@register_model_view(TransferParty, "proof")
class TransferProofView(ObjectView):
    """The proofs as a file."""

    queryset = PARTIES

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send them; without any, an empty list."""
        party = self.get_one("view")
        shown = [proof_shown(proof) for proof in party.transfer.proofs.all()]
        text = json.dumps({"proofs": shown}, indent=2, ensure_ascii=False)
        name = f"transfer-{f'{party.transfer.uid}'[:8]}-proof.json"
        return HttpResponse(
            text,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _show(form: Any, error: DomainError) -> None:
    known = {name: said for name, said in error.fields.items() if name in form.fields}
    for name, said in known.items():
        form.add_error(name, said)
    if not known:
        form.add_error(None, error.message)
