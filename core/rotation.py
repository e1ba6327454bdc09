"""Replacing the master key while the console runs.

A new key becomes current in the key file; every process seals with it from its next secret on.
Then each sealed column is sealed anew, row by row, by compare-and-set: a row that somebody changed
meanwhile is sealed with the new key already. What is done stays done: a rotation that was
interrupted goes on where it stopped. The old key keeps opening until it is retired.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import Value
from django.db.models.functions import StrIndex, Substr

from core.crypto import Keyring, MasterKeyError, keyring_at, keyring_locked, replace_keyring
from core.exceptions import Conflict, NotConfigured
from core.fields import Ciphertext, EncryptedTextField
from core.secret_fields import sealed_fields
from core.signals import master_key_changed

BATCH = 200
MOST_PASSES = 20
# Messages in the broker and transactions in flight may still be sealed with the key before.
RETIRE_AFTER = 24 * 3600


@dataclass
class Resealed:
    """What became of one column."""

    label: str
    sealed: int = 0
    unreadable: int = 0


def keys_in_use() -> Counter[str]:
    """Return how many rows are sealed with which key."""
    found: Counter[str] = Counter()
    for model, field in sealed_fields():
        sealed = _rows(model).exclude(**{field.attname: Ciphertext("")}).order_by()
        length = StrIndex(field.attname, Value(":")) - 1
        key_id = Substr(field.attname, 1, length, output_field=models.TextField())
        for name, rows in sealed.values_list(key_id).annotate(models.Count("pk")):
            found[name] += rows
    return found


def key_prepare(path: Path) -> str:
    """Add a key that opens but does not seal yet; return its id.

    For installations of many machines: give each the new file, then rotate.
    """
    with _locked(path) as ring:
        prepared = ring.with_next()
        if prepared is not ring:
            replace_keyring(path, prepared)
        return prepared.next


def key_rotate(path: Path) -> tuple[str, bool]:
    """Make a new key current, or go on with a rotation that was interrupted.

    Returns the id of the current key and whether it is new. `reseal` does the rest.
    """
    with _locked(path) as ring:
        others = set(keys_in_use()) - {ring.current}
        if others:
            return ring.current, False
        rotated = ring.rotated()
        replace_keyring(path, rotated)
    master_key_changed.send(None, action="rotated", key_id=rotated.current, retired=[])
    return rotated.current, True


def key_retire(path: Path, *, at_once: bool = False) -> list[str]:
    """Remove every key but the current one from the file; return their ids.

    Raises Conflict: secrets.key_in_use while a row needs one, secrets.key_too_young while what
    was sealed before the rotation may still be on its way.
    """
    with _locked(path) as ring:
        old = sorted(ring.keys.keys() - {ring.current, ring.next})
        if not old:
            return []
        used = {key_id: rows for key_id, rows in keys_in_use().items() if key_id != ring.current}
        if used:
            raise Conflict(
                "secrets.key_in_use",
                f"{sum(used.values())} secrets are still sealed with an old key. "
                "Run rotate_master_key once more.",
            )
        wait = RETIRE_AFTER - (time.time() - ring.made.get(ring.current, 0))
        if wait > 0 and not at_once:
            raise Conflict(
                "secrets.key_too_young",
                f"The current key is new: messages that wait in the broker may need the one "
                f"before. Retire it in {wait / 3600:.0f} hours, or add --at-once.",
            )
        replace_keyring(path, ring.without(set(old)))
    master_key_changed.send(None, action="retired", key_id=ring.current, retired=old)
    return old


def reseal(path: Path) -> Iterator[Resealed]:
    """Seal every secret with the current key; yields what became of each column that had any."""
    for model, field in sealed_fields():
        done = Resealed(f"{model._meta.label}.{field.name}")
        for _ in range(MOST_PASSES):
            found, unreadable = _pass(model, field, keyring_at(path))
            done.sealed += found
            done.unreadable = unreadable
            if not found:
                break
        if done.sealed or done.unreadable:
            yield done


def _pass(model: Any, field: EncryptedTextField, ring: Keyring) -> tuple[int, int]:
    """Go over a column once; return how many rows were sealed anew and how many do not open."""
    sealed = unreadable = last = 0
    name = field.attname
    due = _rows(model).exclude(**{name: Ciphertext("")})
    due = due.exclude(**{f"{name}__startswith": Ciphertext(f"{ring.current}:")})
    while True:
        rows = list(due.filter(pk__gt=last).order_by("pk").values_list("pk", "uid", name)[:BATCH])
        if not rows:
            return sealed, unreadable
        for pk, uid, old in rows:
            last = pk
            row = field.row_named(uid)
            try:
                new = Ciphertext(ring.seal(ring.open(old, row=row), row=row))
            except MasterKeyError:
                unreadable += 1
                continue
            sealed += _rows(model).filter(pk=pk, **{name: old}).update(**{name: new})


def _rows(model: Any) -> models.QuerySet[Any]:
    return model._base_manager.all()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[Keyring]:
    try:
        with keyring_locked(path) as ring:
            yield ring
    except (MasterKeyError, OSError) as error:
        raise NotConfigured("secrets.key_file", f"{error}") from error
