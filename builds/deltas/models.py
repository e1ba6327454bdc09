"""A delta between two artifacts."""

from __future__ import annotations

from django.db import models

from core.scoping import ScopedQuerySet


class DeltaState(models.TextChoices):
    """How far a delta came. Only a waiting one is taken by a worker."""

    WAITING = "waiting", "Waiting"
    MAKING = "making", "Being made"
    READY = "ready", "Ready"
    # Not smaller than the firmware itself, too large to be tried, or a file is gone.
    USELESS = "useless", "Of no use"


class Delta(models.Model):
    """What turns `base` into `target`, made once when the first device asks for it.

    Moves only by compare-and-set (builds.deltas.services). A delta is kept while devices fetch it.
    """

    scope_path = "target__organization"
    conceals = ("base",)

    base = models.ForeignKey("builds.Artifact", models.CASCADE, related_name="deltas_from")
    target = models.ForeignKey("builds.Artifact", models.CASCADE, related_name="deltas")
    state = models.CharField(max_length=8, choices=DeltaState.choices, default=DeltaState.WAITING)
    file = models.CharField(max_length=300, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["base", "target"], name="delta_once_per_pair")
        ]
        indexes = [models.Index(fields=["state", "changed_at"], name="delta_by_state")]

    def __str__(self) -> str:
        return f"{self.base} to {self.target}"
