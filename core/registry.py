"""Registries: how a platform, channel, gateway or event joins without touching other code."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Registry(Generic[T]):
    """Plug-in classes of one kind, keyed by their `slug`.

    Registering after `freeze()`, a duplicate slug and an unknown slug raise
    ImproperlyConfigured, so a mistake shows at start and not at three in the morning.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        self._frozen = False

    def register(self, entry: type) -> type:
        """Instantiate the decorated class and keep it under its slug."""
        slug = getattr(entry, "slug", "")
        if self._frozen or not slug or slug in self._entries:
            raise ImproperlyConfigured(f"{self.kind}: cannot register {entry!r} as {slug!r}")
        self._entries[slug] = entry()
        return entry

    def get(self, slug: str) -> T:
        """Return the entry with this slug; unknown raises ImproperlyConfigured."""
        try:
            return self._entries[slug]
        except KeyError:
            raise ImproperlyConfigured(f"{self.kind}: there is no {slug!r}") from None

    def __contains__(self, slug: object) -> bool:
        return slug in self._entries

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def choices(self) -> list[tuple[str, Any]]:
        """Return (slug, label) pairs; given to model fields as a callable."""
        return [(slug, getattr(entry, "label", slug)) for slug, entry in self._entries.items()]

    def autodiscover(self, package: str) -> None:
        """Import every module of the package, whose decorators register, then freeze."""
        for module in iter_modules(import_module(package).__path__):
            if not module.name.startswith("_"):
                import_module(f"{package}.{module.name}")
        self._frozen = True
