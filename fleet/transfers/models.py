"""Transfers, the side of each organization, the devices in them, and their proofs."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import Truncator

from core.models import UidModel
from core.scoping import ScopedQuerySet
from fleet.transfers.choices import (
    OPEN,
    OPEN_ITEM,
    Direction,
    EnvironmentMode,
    ItemState,
    KeyMode,
    SourceMode,
    TransferState,
)
from fleet.transfers.constants import RETRY_WITHIN


class Transfer(UidModel):
    """Devices that one organization offers to another; both reach it by their TransferParty only.

    Moves by compare-and-set under a lock of this row (fleet.transfers.services):

        requested -> partial | moving | declined | withdrawn | expired
        partial   -> moving | completed | failed (what is left was declined, withdrawn, expired)
        moving    -> completed | failed | partial
        completed | failed -> moving (what failed is tried again)

    `copies` maps the sources of the sender to those made for the recipient, by their keys.
    """

    sender = models.ForeignKey(
        "accounts.Organization", models.SET_NULL, null=True, related_name="+"
    )
    recipient = models.ForeignKey(
        "accounts.Organization", models.SET_NULL, null=True, related_name="+"
    )
    sender_name = models.CharField(max_length=200)
    sender_owner_id = models.CharField(max_length=64)
    # As the sender wrote it: an e-mail address or an owner id.
    addressed_to = models.CharField(max_length=254)
    state = models.CharField(
        max_length=12, choices=TransferState.choices, default=TransferState.REQUESTED
    )
    source_mode = models.CharField(
        "sources", max_length=8, choices=SourceMode.choices, default=SourceMode.COPY
    )
    with_credentials = models.BooleanField("deploy keys and access tokens", default=False)
    key_mode = models.CharField(
        "API keys", max_length=8, choices=KeyMode.choices, default=KeyMode.MOVE
    )
    environment_mode = models.CharField(
        "device variables",
        max_length=8,
        choices=EnvironmentMode.choices,
        default=EnvironmentMode.WIPE,
    )
    message = models.CharField(max_length=500, blank=True)
    copies = models.JSONField(default=dict, editable=False)
    requested_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    answered_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-requested_at", "-pk"]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state__in=OPEN), name="transfer_by_expiry"
            )
        ]

    def __str__(self) -> str:
        return f"transfer {f'{self.uid}'[:8]}"

    @property
    def is_by_email(self) -> bool:
        """Tell whether it is addressed to a person rather than to an owner id."""
        return "@" in self.addressed_to

    @property
    def retry_until(self) -> datetime | None:
        """Return until when what failed can be tried again."""
        return self.answered_at + RETRY_WITHIN if self.answered_at is not None else None

    def options(self) -> dict[str, str | bool]:
        """Return what was chosen, as the proof says it."""
        return {
            "sources": self.source_mode,
            "credentials": self.with_credentials,
            "api_keys": self.key_mode,
            "environment": self.environment_mode,
        }


class TransferParty(UidModel):
    """One organization's side of a transfer: what its people list, open and answer."""

    scope_path = "organization"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE)
    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="parties")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "transfer"
        default_permissions = ("view",)
        permissions = [
            ("answer_transferparty", "Can accept and decline a transfer"),
            ("withdraw_transferparty", "Can withdraw a transfer"),
        ]
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "direction"], name="transfer_party_once")
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="party_by_org")]

    def __str__(self) -> str:
        if self.is_incoming:
            return f"From {self.transfer.sender_name}"
        return f"To {Truncator(self.transfer.addressed_to).chars(80)}"

    def get_absolute_url(self) -> str:
        """Return the page of this side."""
        return reverse("fleet:transferparty", kwargs={"uid": self.uid})

    @property
    def is_incoming(self) -> bool:
        """Tell whether this side is offered the devices."""
        return self.direction == Direction.INCOMING

    @property
    def state(self) -> str:
        """Return where the transfer stands."""
        return self.transfer.state


class TransferProof(UidModel):
    """What both sides can show of devices that moved: a document, and its Ed25519 signature.

    `document` is the canonical JSON that is signed; `digest` its SHA-256, which stands in the
    audit log of both. A transfer has one, or more when a part moved later.
    """

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="proofs")
    number = models.PositiveIntegerField()
    document = models.TextField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    signing_key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "number"], name="transfer_proof_once")
        ]

    def __str__(self) -> str:
        return f"proof {self.number} of {self.transfer}"


class TransferItem(UidModel):
    """One device of a transfer. `code` and `reason` say why it could not be moved."""

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="items")
    device = models.ForeignKey(
        "devices.Device", models.SET_NULL, null=True, related_name="transfer_items"
    )
    # As they were when it was offered: the device may be renamed, or gone.
    udid = models.UUIDField()
    alias = models.CharField(max_length=80)
    mac = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.PENDING)
    code = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    moved_at = models.DateTimeField(null=True)
    proof = models.ForeignKey(TransferProof, models.SET_NULL, null=True, related_name="items")

    class Meta:
        default_permissions = ()
        ordering = ["alias", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["device"],
                condition=Q(state__in=OPEN_ITEM),
                name="one_open_transfer_per_device",
            ),
            models.UniqueConstraint(fields=["transfer", "udid"], name="transfer_item_once"),
        ]
        indexes = [
            models.Index(
                fields=["transfer", "id"],
                condition=Q(state=ItemState.MOVING),
                name="transfer_item_to_move",
            )
        ]

    def __str__(self) -> str:
        return self.alias
