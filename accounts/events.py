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
class LockedOut(EventType):
    """Too many wrong passwords; the console looks at none for a while."""

    slug = "accounts.locked_out"
    label = "Locked out"
    icon = "lock"
    level = "warning"


@events.register
class SignedUp(EventType):
    """Somebody made an account: by the form, a provider, or a directory."""

    slug = "accounts.signed_up"
    label = "Signed up"
    icon = "user-plus"


@events.register
class AccountActivated(EventType):
    """A new person confirmed their e-mail address."""

    slug = "accounts.activated"
    label = "Account activated"
    icon = "circle-check"


@events.register
class PasswordResetAsked(EventType):
    """A link to choose a new password was mailed."""

    slug = "accounts.reset_asked"
    label = "Password reset asked"
    icon = "mail"


@events.register
class PasswordResetDone(EventType):
    """A new password was chosen by a mailed link; every session ended."""

    slug = "accounts.reset_done"
    label = "Password reset"
    icon = "password"
    level = "warning"


@events.register
class EmailChangeAsked(EventType):
    """A person wants another e-mail address, which is not confirmed yet."""

    slug = "accounts.email_change_asked"
    label = "E-mail change asked"
    icon = "mail"


@events.register
class EmailChangeWithdrawn(EventType):
    """A person gave up an address that was not confirmed yet."""

    slug = "accounts.email_change_withdrawn"
    label = "E-mail change withdrawn"
    icon = "mail"


@events.register
class EmailChanged(EventType):
    """A person signs in by another e-mail address from now on."""

    slug = "accounts.email_changed"
    label = "E-mail address changed"
    icon = "mail"
    level = "warning"


@events.register
class ProviderLinked(EventType):
    """An account at a provider or in a directory opens this account too."""

    slug = "accounts.provider_linked"
    label = "Provider linked"
    icon = "link"


@events.register
class ProviderUnlinked(EventType):
    """An account at a provider no longer opens this account."""

    slug = "accounts.provider_unlinked"
    label = "Provider unlinked"
    icon = "link"


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
