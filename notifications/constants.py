"""Names and limits of notifications."""

from __future__ import annotations

from datetime import timedelta

SPREAD_TASK = "notifications.spread"
DELIVER_TASK = "notifications.deliver"
SWEEP_TASK = "notifications.sweep"
KEEP_TASK = "notifications.keep"

# One message folds at most so many things that happened.
MOST_FOLDED = 20_000
# Messages made in one run of the task; the next run goes on.
MOST_SPREAD = 200
# A message names so many things; the others are in its count.
NAMED = 20
# How long a worker has one delivery for itself; longer than any channel may take.
LEASE = timedelta(minutes=3)
# Deliveries that one digest mail puts together.
MOST_TOGETHER = 200
# Deliveries that the sweeper wakes a worker for at once.
MOST_WOKEN = 500

READ_KEPT = timedelta(days=30)
UNREAD_KEPT = timedelta(days=180)
DELIVERIES_KEPT = timedelta(days=30)
OCCURRENCES_KEPT = timedelta(days=2)
# What is told once only is remembered for as long as it could happen again.
ONCE_KEPT = timedelta(days=400)
