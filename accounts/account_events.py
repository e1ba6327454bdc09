"""Audit events of one's own account; those of signing in are in accounts.events."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class SignInEnded(EventType):
    """One open session, or all others, was ended from the list of sign-ins."""

    slug = "accounts.sign_in_ended"
    label = "Sign-in ended"
    icon = "logout"


@events.register
class ProfileChanged(EventType):
    """Names, phone, time zone, picture."""

    slug = "accounts.profile_changed"
    label = "Profile changed"
    icon = "user-circle"


@events.register
class NotificationsChanged(EventType):
    """What a person wants to hear of, and how."""

    slug = "accounts.notifications_changed"
    label = "Notification settings changed"
    icon = "bell"


@events.register
class ConsentGiven(EventType):
    """A person agreed to one purpose."""

    slug = "accounts.consent_given"
    label = "Consent given"
    icon = "check"


@events.register
class ConsentWithdrawn(EventType):
    """A person took an agreement back."""

    slug = "accounts.consent_withdrawn"
    label = "Consent withdrawn"
    icon = "ban"


@events.register
class DataExported(EventType):
    """A person downloaded everything that is kept about them."""

    slug = "accounts.data_exported"
    label = "Own data exported"
    icon = "download"


@events.register
class ErasureStarted(EventType):
    """A person deleted their account; what was theirs is being removed."""

    slug = "accounts.erasure_started"
    label = "Account deletion started"
    icon = "trash"
    level = "warning"


@events.register
class AccountErased(EventType):
    """Nothing of the person is left but what the audit log says."""

    slug = "accounts.erased"
    label = "Account deleted"
    icon = "trash"
    level = "warning"
