"""The append-only, hash-chained record of what happened."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from audit.events import EventType, events
from audit.fields import CanonicalJSONField
from audit.presentation import Change, changes_of, details_of, with_short_ids
from core.models import UidModel
from core.scoping import ScopedQuerySet

GENESIS = "0" * 64
INSTALLATION = "installation"


class AuditHead(models.Model):
    """The end of one chain: the last sequence number and hash. One chain per organization.

    `organization_id` is empty for what concerns the installation; `chain` names it to people
    and outlives the organization. The row is locked while an event is appended, which keeps the
    chain without gaps. Events up to `archived_seq` are in the archive; `archived_hash` is that of
    the last of them, and what the next one follows. A trigger lets both numbers only grow.
    """

    organization = models.OneToOneField(
        "accounts.Organization", models.DO_NOTHING, null=True, db_constraint=False
    )
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)
    chain = models.CharField(max_length=36, default=INSTALLATION)
    archived_seq = models.PositiveBigIntegerField(default=0)
    archived_hash = models.CharField(max_length=64, default=GENESIS)

    def __str__(self) -> str:
        return f"{self.chain}: {self.seq} {self.hash[:12]}"


class AuditEvent(UidModel):
    """One thing that happened: who, what, to which object, from where, with which details.

    `hash` covers the previous hash and every field above it, so an edit, a gap or a swap shows;
    `format` says in which form (audit.chain). Triggers refuse every update, and every deletion of
    what is not archived. The organization may be deleted; its events stay, hence no database
    constraint. `credential` is what the actor came with: a key, a session, another person.
    """

    scope_path = "organization"

    organization = models.ForeignKey(
        "accounts.Organization", models.DO_NOTHING, null=True, db_constraint=False
    )
    format = models.PositiveSmallIntegerField(default=1)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=64)
    actor = models.CharField(max_length=200)
    actor_uid = models.UUIDField(null=True)
    credential = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    target_type = models.CharField(max_length=64, blank=True)
    target_uid = models.UUIDField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    data = CanonicalJSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "seq"], name="audit_chain_has_no_fork"),
            models.UniqueConstraint(
                fields=["seq"],
                condition=models.Q(organization=None),
                name="audit_installation_chain_has_no_fork",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-at", "-id"], name="audit_by_organization"),
            models.Index(fields=["target_uid", "-at"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.target_label}"

    def get_absolute_url(self) -> str:
        """Return the event's page."""
        return reverse("audit:auditevent", kwargs={"uid": self.uid})

    @property
    def changes(self) -> list[Change]:
        """Return the fields that changed, before and after."""
        return changes_of(self.target_type, self.data)  # type: ignore[arg-type]

    @property
    def details(self) -> list[tuple[str, str]]:
        """Return what else was recorded, as labels and words."""
        return details_of(self.data)  # type: ignore[arg-type]

    @property
    def shown_actor(self) -> str:
        """Return who did it, for lists."""
        return with_short_ids(self.actor)

    @property
    def came_with(self) -> str:
        """Return the credential for lists, unless it goes without saying: an ordinary session."""
        said = self.credential in self.actor or self.credential.startswith("session ")
        return "" if said else self.credential

    @property
    def event_type(self) -> EventType | None:
        """Return the registered type, or None for a verb that no longer exists."""
        return events.get(self.verb) if self.verb in events else None
