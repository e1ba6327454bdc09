"""Whatever deletes the row of an artifact or a delta deletes its file."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from builds.deltas.models import Delta
from builds.models import Artifact


@receiver(post_delete, sender=Artifact)
@receiver(post_delete, sender=Delta)
def delete_file(instance: Artifact | Delta, **_: Any) -> None:
    """Delete the file once the deletion of the row is certain."""
    if instance.file:
        transaction.on_commit(partial(_delete, instance.file))


def _delete(name: str) -> None:
    default_storage.delete(name)
    with contextlib.suppress(OSError):  # the folder holds more, or the storage has no folders
        default_storage.delete(f"{PurePosixPath(name).parent}")
