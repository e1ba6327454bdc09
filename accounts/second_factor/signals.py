"""What second factors tell other files. `user`, `actor`, `kind` and `name` come with each."""

from __future__ import annotations

from django.dispatch import Signal

factor_added = Signal()
factor_removed = Signal()
