"""Abstract bases only: core owns no table."""

from __future__ import annotations

import uuid

from django.db import models


class UidModel(models.Model):
    """A row with a public identifier; the integer key never leaves the process."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True
