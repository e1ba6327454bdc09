"""What this app tells those above it."""

from __future__ import annotations

from django.dispatch import Signal

# Somebody else gave, changed or ended a person's role. Sent within the transaction, with
# `membership`, `sentence` (the whole of it in words) and `is_over`.
role_told = Signal()
