"""Model fields of our own: the encrypted text."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from core.crypto import Keyring, keyring_at


def keyring() -> Keyring:
    """Return the keyring of this installation."""
    return keyring_at(settings.MASTER_KEY_FILE)


class Sealed:
    """A secret as it lies in the database. Printing it shows dots; `reveal()` opens it."""

    __slots__ = ("ciphertext", "row")

    def __init__(self, ciphertext: str, row: str) -> None:
        self.ciphertext = ciphertext
        self.row = row

    def reveal(self) -> str:
        """Return the plain text; raises MasterKeyError when it was tampered with."""
        return keyring().open(self.ciphertext, row=self.row) if self.ciphertext else ""

    def __bool__(self) -> bool:
        return bool(self.ciphertext)

    def __str__(self) -> str:
        return "••••••••" if self.ciphertext else ""

    __repr__ = __str__


class _SealedAttribute:
    """Reads as Sealed (or the plain text just assigned), writes plain text."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        if isinstance(value, Ciphertext):
            return Sealed(value, self.field.row_of(instance))
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class Ciphertext(str):
    """Marks text that came out of the database, or that is sealed already."""

    __slots__ = ()


class EncryptedTextField(models.TextField):
    """Text sealed with the master key; the model needs a `uid` that exists before saving.

    Assign plain text; read back a `Sealed`. `queryset.update(field="plain")` is refused, since
    the row is part of the encryption.
    """

    def row_of(self, instance: models.Model) -> str:
        """Return what binds the ciphertext to one column of one row."""
        return self.row_named(instance.uid)  # type: ignore[attr-defined]

    def row_named(self, uid: Any) -> str:
        """Return the same for a row of which only the `uid` is at hand."""
        return f"{self.model._meta.label_lower}.{self.attname}:{uid}"

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:  # noqa: FBT001, FBT002
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SealedAttribute(self))

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return Ciphertext(value) if value is not None else None

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        value = model_instance.__dict__.get(self.attname)
        if not value or isinstance(value, Ciphertext):
            return Ciphertext(value or "")
        if isinstance(value, Sealed):
            value = value.reveal()
        sealed = Ciphertext(keyring().seal(value, row=self.row_of(model_instance)))
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def get_prep_value(self, value: Any) -> Any:
        if value in (None, ""):
            return value
        if not isinstance(value, Ciphertext):
            raise TypeError(f"{self.name} is encrypted: assign it on an instance and save()")
        return f"{value}"

    def value_to_string(self, obj: models.Model) -> str:
        return ""
