"""Scoped querysets of the accounts app."""

from __future__ import annotations

from treebeard.mp_tree import MP_NodeManager, MP_NodeQuerySet

from core.scoping import ScopedQuerySet


class OrganizationQuerySet(ScopedQuerySet, MP_NodeQuerySet):
    """Organizations, scoped and in tree order."""


class OrganizationManager(MP_NodeManager.from_queryset(OrganizationQuerySet)):  # type: ignore[misc]
    """Treebeard's manager over the scoped queryset."""

    def get_queryset(self) -> OrganizationQuerySet:
        """Return the nodes in tree order, as treebeard's algorithms expect them."""
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")
