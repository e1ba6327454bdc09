"""The proof of transfer: a signed document whose digest stands in the audit logs of both sides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.fields import canonical
from audit.models import AuditEvent
from audit.recorder import record
from builds.models import SigningKey
from builds.services.signing import is_signed_here, sign_document
from core.exceptions import DomainError
from fleet.transfers.choices import ItemState
from fleet.transfers.events import TransferProved
from fleet.transfers.models import Transfer, TransferItem, TransferProof
from fleet.transfers.selectors import recorded_digest

FORMAT = "thinx-console transfer 1"


@dataclass(frozen=True)
class Verdict:
    """What a check of a proof came to. `recorded` counts the audit events with its digest."""

    digest: str
    is_signed: bool
    recorded: int

    @property
    def is_valid(self) -> bool:
        """Tell whether the document is signed by this installation and stands in an audit log."""
        return self.is_signed and self.recorded > 0


@transaction.atomic
def transfer_prove(actor: Any, *, transfer: Transfer) -> TransferProof | None:
    """Sign for what moved and is in no proof yet; None when there is nothing. Audits on both sides.

    Called under the lock of the transfer.
    """
    moved = TransferItem.objects.filter(transfer=transfer, state=ItemState.MOVED, proof=None)
    items = list(moved.order_by("moved_at", "pk"))
    if not items:
        return None
    number = transfer.proofs.count() + 1
    document = canonical(_document(transfer, items, number))
    signature, key_id = sign_document(document)
    proof = TransferProof.objects.create(
        transfer=transfer,
        number=number,
        document=document,
        digest=digest_of(document),
        signature=signature,
        signing_key_id=key_id,
    )
    TransferItem.objects.filter(pk__in=[item.pk for item in items]).update(proof=proof)
    for party in transfer.parties.select_related("organization"):
        party.transfer = transfer
        record(
            actor,
            TransferProved,
            party,
            organization=party.organization,
            digest=proof.digest,
            signed_by=key_id,
            devices=[f"{item.udid}" for item in items],
        )
    return proof


def proof_shown(proof: TransferProof) -> dict[str, Any]:
    """Return what is downloaded: all that a check needs, with or without this console."""
    key = SigningKey.objects.filter(key_id=proof.signing_key_id).first()
    return {
        "document": json.loads(proof.document),
        "digest": proof.digest,
        "signature": proof.signature,
        "signing_key": proof.signing_key_id,
        "public_key": key.public_key if key is not None else "",
    }


def proof_check(proof: Mapping[str, Any], events: Any) -> Verdict:
    """Check what `proof_shown` gave; `events` are the audit events to look among.

    Raises DomainError (fleet.proof_unreadable) for what is no proof at all.
    """
    document = proof.get("document")
    signature, key_id = proof.get("signature"), proof.get("signing_key")
    if (
        not isinstance(document, dict)
        or not isinstance(signature, str)
        or not isinstance(key_id, str)
    ):
        raise DomainError(
            "fleet.proof_unreadable",
            "This is no proof of transfer: it needs document, signature and signing_key.",
        )
    text = canonical(document)
    digest = digest_of(text)
    return Verdict(digest, is_signed_here(text, signature, key_id), _recorded(events, digest))


def all_events() -> Any:
    """Return the audit events of every organization, for whoever runs the console."""
    return AuditEvent.objects.all()


def digest_of(document: str) -> str:
    """Return the SHA-256 of a canonical document, in hex."""
    return hashlib.sha256(document.encode()).hexdigest()


def _recorded(events: Any, digest: str) -> int:
    proofs = TransferProof.objects.filter(digest=digest).values("transfer")
    rows = events.filter(
        verb=TransferProved.slug,
        target_uid__in=[
            uid
            for transfer in Transfer.objects.filter(pk__in=proofs)
            for uid in transfer.parties.values_list("uid", flat=True)
        ],
    )
    return sum(recorded_digest(event) == digest for event in rows)


def _document(transfer: Transfer, items: list[TransferItem], number: int) -> dict[str, Any]:
    recipient = transfer.recipient
    return {
        "format": FORMAT,
        "transfer": f"{transfer.uid}",
        "number": number,
        "from": {"owner": transfer.sender_owner_id, "name": transfer.sender_name},
        "to": {
            "owner": recipient.owner_id if recipient is not None else "",
            "name": f"{recipient or ''}",
        },
        "requested": _act(transfer.requested_by, transfer.requested_at),
        "accepted": _act(transfer.answered_by, transfer.answered_at),
        "options": transfer.options(),
        "devices": [
            {
                "udid": f"{item.udid}",
                "mac": item.mac,
                "moved_at": item.moved_at.isoformat() if item.moved_at else "",
            }
            for item in items
        ],
    }


def _act(person: Any, at: Any) -> dict[str, str]:
    who = f"{person.uid}" if person is not None else ""
    return {"by": who, "name": f"{person or ''}", "at": at.isoformat() if at is not None else ""}
