"""The Django admin of staff: scoped like every page, behind the second factor, without secrets.

A model appears here as a subclass of `ConsoleModelAdmin`, registered in `<app>/admin.py`; the rest
of an app's models are registered to be read by `register_rest`. Rows have an address by their
`uid`; a model without one is a list only. What is changed here is told by the signal
`admin_wrote`, whose receiver writes it to the audit log.
"""

from __future__ import annotations

from core.admin.fields import shown_fields
from core.admin.scoped import ConsoleModelAdmin, ScopedAdminMixin, admin_wrote
from core.admin.site import ConsoleAdminSite, register_rest

__all__ = [
    "ConsoleAdminSite",
    "ConsoleModelAdmin",
    "ScopedAdminMixin",
    "admin_wrote",
    "register_rest",
    "shown_fields",
]
