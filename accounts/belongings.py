"""What lies in a personal organization, kind by kind: how it is exported and how it is erased.

Each app registers its own kinds; this app imports none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db import models, transaction

from accounts.models import Organization, User
from core.fields import EncryptedTextField
from core.registry import Registry

PORTION = 200
SECRET = "(secret)"  # noqa: S105


class Belongings:
    """One kind. `model` has an `organization`; `fields` are what an export says of each row.

    `slug` names the file of the export, `one` and `many` the things for people. Lower orders are
    erased first.
    """

    slug: ClassVar[str] = ""
    one: ClassVar[str] = ""
    many: ClassVar[str] = ""
    order: ClassVar[int] = 50
    model: ClassVar[type[models.Model]]
    fields: ClassVar[tuple[str, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ()

    def rows(self, organization: Organization) -> models.QuerySet[Any]:
        """Return every row of the organization."""
        found = self.model._default_manager.filter(organization=organization)
        return found.select_related(*self.related) if self.related else found

    def count(self, organization: Organization) -> int:
        """Return how many there are."""
        return self.rows(organization).count()

    def export(self, organization: Organization) -> Iterator[dict[str, Any]]:
        """Yield each as plain values; what is secret is only said to be there."""
        for row in self.rows(organization).order_by("pk").iterator(chunk_size=500):
            yield self.exported(row)

    def exported(self, row: Any) -> dict[str, Any]:
        """Return one row of the export."""
        return plain_fields(row, self.fields)

    def stop(self, actor: Any, user: User, organization: Organization) -> None:
        """Make useless at once what the person leaves behind; the rows may stay until later."""

    def erase(self, organization: Organization) -> None:
        """Delete all of them in portions; may be called again after any interruption."""
        while self._erase_portion(organization):
            pass

    @transaction.atomic
    def _erase_portion(self, organization: Organization) -> bool:
        rows = self.model._default_manager.filter(organization=organization)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:PORTION])
        self.model._default_manager.filter(pk__in=keys).delete()
        return bool(keys)


belongings: Registry[Belongings] = Registry("belongings")


def all_belongings() -> list[Belongings]:
    """Return every kind, those to be erased first in front."""
    return sorted(belongings, key=lambda kind: (kind.order, kind.slug))


def plain_fields(row: models.Model, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return fields of a row for an export: other rows by their uid, nothing secret."""
    return {name: _plain(row, name) for name in fields}


def _plain(row: models.Model, name: str) -> Any:
    field = row._meta.get_field(name)
    if isinstance(field, EncryptedTextField):
        return SECRET if getattr(row, name) else ""
    value = getattr(row, name)
    return f"{value.uid}" if isinstance(value, models.Model) and hasattr(value, "uid") else value
