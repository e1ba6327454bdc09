"""Audit events of people and organizations."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class SignedIn(EventType):
    """Somebody passed the first factor."""

    slug = "accounts.signed_in"
    label = "Signed in"
    icon = "login"


@events.register
class SignInRefused(EventType):
    """A wrong password or an unknown name."""

    slug = "accounts.sign_in_refused"
    label = "Sign-in refused"
    icon = "shield-lock"
    level = "warning"


@events.register
class SignedOut(EventType):
    """A session ended by its owner."""

    slug = "accounts.signed_out"
    label = "Signed out"
    icon = "logout"


@events.register
class PasswordChanged(EventType):
    """A person chose a new password."""

    slug = "accounts.password_changed"
    label = "Password changed"
    icon = "password"


@events.register
class UserCreated(EventType):
    """A person and their personal organization."""

    slug = "accounts.user_created"
    label = "User created"
    icon = "user-plus"


@events.register
class OrganizationCreated(EventType):
    """A shared organization."""

    slug = "accounts.organization_created"
    label = "Organization created"
    icon = "building"


@events.register
class OrganizationChanged(EventType):
    """Name or settings of an organization."""

    slug = "accounts.organization_changed"
    label = "Organization changed"
    icon = "building"


@events.register
class MembershipChanged(EventType):
    """Somebody joined, left, or holds another role."""

    slug = "accounts.membership_changed"
    label = "Membership changed"
    icon = "users"
