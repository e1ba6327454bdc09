"""What rollouts tell parts above and beside them."""

from __future__ import annotations

from django.dispatch import Signal

# Sent once it is committed, with `rollout`: it stopped by itself, `rollout.reason` says why.
rollout_halted = Signal()
