"""Audit events of what staff do: support, impersonation, the Django admin, looking in."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class UserDeactivated(EventType):
    """A person may not sign in any more; their keys open nothing."""

    slug = "accounts.user_deactivated"
    label = "Person deactivated"
    icon = "ban"
    level = "warning"


@events.register
class UserReactivated(EventType):
    """A person may sign in again."""

    slug = "accounts.user_reactivated"
    label = "Person reactivated"
    icon = "circle-check"


@events.register
class SessionsEnded(EventType):
    """Staff signed a person out everywhere."""

    slug = "accounts.sessions_ended"
    label = "Sessions ended"
    icon = "logout"
    level = "warning"


@events.register
class SecondFactorReset(EventType):
    """Staff removed every second factor of a person."""

    slug = "accounts.second_factor_reset"
    label = "Second factor reset"
    icon = "shield"
    level = "warning"


@events.register
class ImpersonationBegun(EventType):
    """A member of staff acts as a person, for a quarter of an hour."""

    slug = "accounts.impersonation_begun"
    label = "Impersonation begun"
    icon = "users"
    level = "warning"


@events.register
class ImpersonatedRequest(EventType):
    """One request of a member of staff who acts as a person, written down before it ran."""

    slug = "accounts.impersonated_request"
    label = "Impersonated request"
    icon = "activity"
    level = "warning"


@events.register
class ImpersonationEnded(EventType):
    """A member of staff is themselves again."""

    slug = "accounts.impersonation_ended"
    label = "Impersonation ended"
    icon = "users"


@events.register
class Overseen(EventType):
    """A superuser saw or changed what no role of theirs reaches; at most once a minute."""

    slug = "accounts.overseen"
    label = "Accessed by a superuser"
    icon = "eye"
    level = "warning"


@events.register
class AdminChanged(EventType):
    """A row was changed in the Django admin; secrets show as dots."""

    slug = "accounts.admin_changed"
    label = "Changed in the Django admin"
    icon = "edit"
    level = "warning"


@events.register
class AdminDeleted(EventType):
    """A row was deleted in the Django admin."""

    slug = "accounts.admin_deleted"
    label = "Deleted in the Django admin"
    icon = "trash"
    level = "warning"
