"""What other apps may want to hear of pushes; sent inside the transaction that makes it true."""

from __future__ import annotations

from django.dispatch import Signal

# push: somebody asks for the review of a second person.
push_submitted = Signal()
# push, counts: nothing of it is on its way any more.
push_settled = Signal()
