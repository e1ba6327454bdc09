"""What both sides are told by mail. Links lead to pages that ask; opening one does nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.look import absolute_time
from core.mail import send_mail
from fleet.transfers.choices import Direction, ItemState, TransferState
from fleet.transfers.models import Transfer, TransferParty
from fleet.transfers.selectors import party_of, people_of

SHOWN = 20
SAID = {
    TransferState.PARTIAL: "A part of the devices was accepted",
    TransferState.COMPLETED: "The transfer is completed",
    TransferState.FAILED: "The devices could not be moved",
    TransferState.DECLINED: "The transfer was declined",
    TransferState.WITHDRAWN: "The transfer was withdrawn",
    TransferState.EXPIRED: "The transfer has expired",
}


def mail_requested(transfer: Transfer) -> None:
    """Mail the question to the recipient, whether or not they have an account, and a copy to the
    sender. An owner id that is nobody's gets nothing."""
    party = party_of(transfer, Direction.INCOMING)
    if transfer.is_by_email:
        _send("transfer_received", transfer, transfer.addressed_to, None)
    else:
        for person in people_of(party):
            _send("transfer_received", transfer, person.email, person)
    asker = transfer.requested_by
    if asker is not None:
        party = party_of(transfer, Direction.OUTGOING)
        _send("transfer_requested", transfer, asker.email, asker, party=party)


def mail_outcome(transfer: Transfer) -> None:
    """Mail what came of it to who asked and to who was asked."""
    told: set[str] = set()
    incoming = party_of(transfer, Direction.INCOMING)
    outgoing = party_of(transfer, Direction.OUTGOING)
    for person, party in (
        (transfer.requested_by, outgoing),
        *((person, incoming) for person in _answerers(transfer, incoming)),
    ):
        if person is not None and party is not None and person.email not in told:
            told.add(person.email)
            _send("transfer_outcome", transfer, person.email, person, party=party)


def _answerers(transfer: Transfer, incoming: TransferParty | None) -> list[User]:
    answered = transfer.answered_by
    return [answered] if answered is not None else people_of(incoming)


def _send(
    template: str,
    transfer: Transfer,
    to: str,
    person: User | None,
    *,
    party: TransferParty | None = None,
) -> None:
    page = party.get_absolute_url() if party is not None else question_url(transfer)
    with timezone.override((person.time_zone if person is not None else "") or "UTC"):
        until = absolute_time(transfer.expires_at)
    context = {
        "transfer": transfer,
        "sender": transfer.sender_name,
        "asker": f"{transfer.requested_by or ''}",
        "to": transfer.addressed_to,
        "until": until,
        "url": f"{settings.PUBLIC_URL.rstrip('/')}{page}",
        "said": SAID.get(TransferState(transfer.state), ""),
        **_devices(transfer),
    }
    send_mail(template, to, context, language=person.language if person is not None else "")


def question_url(transfer: Transfer) -> str:
    """Return the page that asks the recipient, after they signed in."""
    return reverse("fleet:transferparty_question", kwargs={"uid": transfer.uid})


def _devices(transfer: Transfer) -> dict[str, Any]:
    items = list(transfer.items.order_by("alias", "pk"))
    counts = Counter(item.state for item in items)
    names = {f"{value}": label for value, label in ItemState.choices}
    return {
        "count": len(items),
        "names": [item.alias for item in items[:SHOWN]],
        "more": max(0, len(items) - SHOWN),
        "counts": [(names[state].lower(), count) for state, count in sorted(counts.items())],
    }
