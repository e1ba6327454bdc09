"""Audit events of bulk jobs; what is done to each device has its own."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class BulkJobStarted(EventType):
    """Somebody started an action on many devices."""

    slug = "fleet.bulk_job_started"
    label = "Bulk job started"
    icon = "list-check"


@events.register
class BulkJobEnded(EventType):
    """Each device of a bulk job is over; the event counts what became of them."""

    slug = "fleet.bulk_job_ended"
    label = "Bulk job ended"
    icon = "list-check"


@events.register
class BulkJobCancelled(EventType):
    """Somebody stopped a bulk job; the event counts the devices that were left out."""

    slug = "fleet.bulk_job_cancelled"
    label = "Bulk job cancelled"
    icon = "ban"


@events.register
class BulkJobRetried(EventType):
    """Somebody had the failed devices of a bulk job tried again."""

    slug = "fleet.bulk_job_retried"
    label = "Bulk job retried"
    icon = "refresh"
