"""Ready transformers to start from; each is one file of this package."""

from __future__ import annotations

from devices.transformers.gallery._base import Example, gallery

gallery.autodiscover(__name__)

__all__ = ["Example", "gallery"]
