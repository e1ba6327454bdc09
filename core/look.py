"""Words, icons and colours of states, how times and durations read: one vocabulary for all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

ICON_SPRITE = "vendor/tabler-icons-3.51.0/sprite.svg"

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class State:
    """How a state shows: always a word and an icon beside the colour."""

    word: str
    icon: str
    tone: str  # ok, warning, error, unknown, running


STATES: dict[str, State] = {
    # builds
    "queued": State("Queued", "clock", "unknown"),
    "preparing": State("Preparing", "loader-2", "running"),
    "cloning": State("Cloning", "loader-2", "running"),
    "building": State("Building", "loader-2", "running"),
    "publishing": State("Publishing", "loader-2", "running"),
    "succeeded": State("Succeeded", "circle-check", "ok"),
    "failed": State("Failed", "circle-x", "error"),
    "errored": State("Errored", "alert-triangle", "error"),
    "cancelled": State("Cancelled", "ban", "unknown"),
    # devices
    "ok": State("OK", "circle-check", "ok"),
    "info": State("OK", "circle-check", "ok"),
    "warning": State("Warning", "alert-triangle", "warning"),
    "error": State("Error", "alert-circle", "error"),
    "unknown": State("Unknown", "circle-dashed", "unknown"),
    "online": State("Online", "wifi", "ok"),
    "late": State("Late", "clock", "warning"),
    "offline": State("Offline", "wifi-off", "unknown"),
    "installed": State("Installed", "circle-check", "ok"),
    "offered": State("Update offered", "download", "running"),
    "downloading": State("Downloading", "download", "running"),
    "sent": State("Sent", "send", "running"),
    "delivered": State("Delivered", "inbox", "running"),
    "applied": State("Applied", "circle-check", "ok"),
    "review": State("In review", "eye", "warning"),
    "approved": State("Approved", "circle-check", "ok"),
    "reverted": State("Reverted", "arrow-back-up", "unknown"),
    "discarded": State("Discarded", "trash", "unknown"),
    "replaced": State("Replaced", "circle-minus", "unknown"),
    "up_to_date": State("Up to date", "circle-check", "ok"),
    "outdated": State("Update waiting", "arrow-up", "warning"),
    # rollouts and their devices
    "draft": State("Draft", "pencil", "unknown"),
    "unconfirmed": State("Waiting for confirmation", "mail", "warning"),
    "awaiting": State("Awaiting approval", "clock", "warning"),
    "scheduled": State("Scheduled", "calendar", "unknown"),
    "paused": State("Paused", "player-pause", "warning"),
    "halted": State("Halted", "alert-triangle", "error"),
    "rolling_back": State("Rolling back", "arrow-back-up", "running"),
    "completed": State("Completed", "circle-check", "ok"),
    "aborted": State("Aborted", "ban", "unknown"),
    "rolled_back": State("Rolled back", "arrow-back-up", "warning"),
    "released": State("Waits for check-in", "clock", "running"),
    "downloaded": State("Downloaded", "download", "running"),
    "returning": State("Rolling back", "arrow-back-up", "running"),
    # keys, sources, memberships
    "active": State("Active", "circle-check", "ok"),
    "revoked": State("Revoked", "ban", "error"),
    "expired": State("Expired", "clock", "warning"),
    "disabled": State("Disabled", "circle-minus", "unknown"),
    "reachable": State("Reachable", "plug-connected", "ok"),
    "refused": State("Refused", "circle-x", "error"),
    "unchecked": State("Not tested", "circle-dashed", "unknown"),
    # invitations
    "open": State("Open", "mail", "running"),
    "accepted": State("Accepted", "circle-check", "ok"),
    "declined": State("Declined", "circle-x", "warning"),
    "withdrawn": State("Withdrawn", "ban", "unknown"),
    # transfers
    "requested": State("Requested", "mail", "running"),
    "partial": State("Partly accepted", "circle-half-2", "warning"),
    "moving": State("Moving", "loader-2", "running"),
    "moved": State("Moved", "circle-check", "ok"),
    # questions of devices
    "answered": State("Answered", "message", "running"),
    "dismissed": State("Dismissed", "x", "unknown"),
    # what firmware runs against what is in force
    "in_sync": State("SYNC", "circle-check", "ok"),
    "desync": State("DESYNC", "arrows-exchange", "warning"),
    "unsaid": State("Not said", "help-circle", "unknown"),
    # notifications
    "on": State("On", "circle-check", "ok"),
    "off": State("Off", "circle-minus", "unknown"),
    "failing": State("Failing", "alert-triangle", "error"),
    "sending": State("Sending", "loader-2", "running"),
    "dropped": State("Not sent", "circle-minus", "unknown"),
    # steps of work
    "pending": State("Waiting", "circle", "unknown"),
    "running": State("Running", "loader-2", "running"),
    "done": State("Done", "circle-check", "ok"),
    "skipped": State("Skipped", "circle-minus", "unknown"),
    # outcomes in the audit log
    "success": State("Success", "circle-check", "ok"),
    "denied": State("Denied", "shield-lock", "warning"),
    "failure": State("Failure", "circle-x", "error"),
}


def state_of(value: object) -> State:
    """Return how `value` shows; a state this table does not know shows its own word in grey."""
    key = str(value or "unknown").lower()
    known = STATES.get(key)
    return known or State(key.replace("_", " ").capitalize(), "circle-dashed", "unknown")


def relative_time(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """Return "just now", "3 min ago", "in 2 h"; past 30 days the date. As in reltime.js."""
    seconds = round(((now or timezone.now()) - moment).total_seconds())
    size = abs(seconds)
    if size < 10:
        return "just now"
    if size >= 30 * DAY:
        return f"{moment.day} {moment:%b %Y}"
    for unit, label in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        if size >= unit:
            return f"{size // unit} {label} ago" if seconds > 0 else f"in {size // unit} {label}"
    return "just now"


def absolute_time(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


def duration(value: dt.timedelta | float) -> str:
    """Return "0.4 s", "12 s", "3 m 05 s", "2 h 10 m"."""
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} m {whole % MINUTE:02d} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} m"
    return f"{whole // DAY} d {whole % DAY // HOUR:02d} h"
