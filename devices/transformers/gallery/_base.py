"""What an entry of the gallery is."""

from __future__ import annotations

from typing import ClassVar

from core.registry import Registry


class Example:
    """One ready transformer. `samples` are statuses, `results` what it makes of each.

    Tests run every entry on its samples, in the engine.
    """

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""
    text: ClassVar[str] = ""
    body: ClassVar[str] = ""
    samples: ClassVar[tuple[str, ...]] = ()
    results: ClassVar[tuple[str, ...]] = ()


gallery: Registry[Example] = Registry("ready transformers")
