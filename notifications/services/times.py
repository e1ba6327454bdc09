"""When a person may be sent something: quiet hours and digests, in their own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from accounts.selectors.people import own_organization
from audit.recorder import record
from core.exceptions import DomainError
from notifications.choices import Digest
from notifications.events import TimesChanged
from notifications.models import NotificationTimes

MORNING = time(8)
HALF = "Say from when until when, or leave both empty."
CHOSEN = ("quiet_from", "quiet_until", "urgent_passes", "mail_pace", "mail_at")
WAITING = "offline_after"


def due_for(user: Any, *, channel: str, is_urgent: bool, now: datetime) -> tuple[datetime, bool]:
    """Return when it may go, and whether it goes together with what waits until then."""
    times = getattr(user, "notification_times", None)
    if times is None or (is_urgent and times.urgent_passes):
        return now, False
    zone = zone_of(user)
    due = _mail_at(times, now.astimezone(zone)) if channel == "email" else now.astimezone(zone)
    due = _after_quiet(times, due)
    return due.astimezone(now.tzinfo), due > now or bool(times.mail_pace and channel == "email")


def zone_of(user: Any) -> ZoneInfo:
    """Return the person's time zone, UTC when it is not known here."""
    try:
        return ZoneInfo(user.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _mail_at(times: NotificationTimes, now: datetime) -> datetime:
    if times.mail_pace == Digest.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if times.mail_pace == Digest.DAILY:
        return _next(times.mail_at or MORNING, now)
    return now


def _after_quiet(times: NotificationTimes, moment: datetime) -> datetime:
    start, end = times.quiet_from, times.quiet_until
    if start is None or end is None or start == end:
        return moment
    clock = moment.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    return _next(end, moment) if is_quiet else moment


def _next(clock: time, after: datetime) -> datetime:
    """Return the next moment at which a clock on the wall there shows this."""
    found = after.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return found if found > after else found + timedelta(days=1)


@transaction.atomic
def times_change(actor: Any, *, user: Any, **chosen: Any) -> NotificationTimes:
    """Set when a person may be sent mail and SMS, and hears of absences. Audits what changed.

    Raises DomainError `notifications.quiet_needs_both` when only one end of the quiet is given.
    """
    times = NotificationTimes.objects.filter(user=user).first() or NotificationTimes(user=user)
    names = (*CHOSEN, WAITING)
    before = {name: getattr(times, name) for name in names}
    if WAITING in chosen:
        times.wait_choose(chosen.pop(WAITING), timezone.now())
    for name, value in chosen.items():
        setattr(times, name, value)
    if (times.quiet_from is None) != (times.quiet_until is None):
        raise DomainError("notifications.quiet_needs_both", HALF, fields={"quiet_until": [HALF]})
    times.save()
    after = {name: getattr(times, name) for name in names}
    changed = {k: f"{v}" for k, v in after.items() if v != before[k]}
    if changed:
        organization = own_organization(user)
        record(actor, TimesChanged, user, organization=organization, changed=changed)
    return times
