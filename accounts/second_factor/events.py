"""Audit events of second factors and of sudo mode."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class FactorAdded(EventType):
    """An authenticator app, a phone or a passkey was confirmed."""

    slug = "accounts.factor_added"
    label = "Second factor added"
    icon = "shield-check"


@events.register
class FactorRemoved(EventType):
    """A second factor opens nothing any more."""

    slug = "accounts.factor_removed"
    label = "Second factor removed"
    icon = "shield"
    level = "warning"


@events.register
class FactorRenamed(EventType):
    """A second factor is called something else."""

    slug = "accounts.factor_renamed"
    label = "Second factor renamed"
    icon = "edit"


@events.register
class FactorVerified(EventType):
    """Somebody showed their second factor."""

    slug = "accounts.factor_verified"
    label = "Second factor shown"
    icon = "shield-check"


@events.register
class FactorRefused(EventType):
    """A wrong, used or late code, or a passkey that did not fit."""

    slug = "accounts.factor_refused"
    label = "Second factor refused"
    icon = "shield-lock"
    level = "warning"


@events.register
class RecoveryCodesMade(EventType):
    """A new set of recovery codes; the old set is void."""

    slug = "accounts.recovery_codes_made"
    label = "Recovery codes made"
    icon = "clipboard-list"


@events.register
class RecoveryCodeUsed(EventType):
    """A recovery code stood in for a second factor."""

    slug = "accounts.recovery_code_used"
    label = "Recovery code used"
    icon = "clipboard-list"
    level = "warning"


@events.register
class BrowserRemembered(EventType):
    """A browser is not asked for the second factor for a while."""

    slug = "accounts.browser_remembered"
    label = "Browser remembered"
    icon = "device-desktop"


@events.register
class BrowserForgotten(EventType):
    """A browser is asked for the second factor again."""

    slug = "accounts.browser_forgotten"
    label = "Browser forgotten"
    icon = "device-desktop"


@events.register
class SudoPassed(EventType):
    """A signed-in person proved again who they are."""

    slug = "accounts.sudo_passed"
    label = "Identity confirmed"
    icon = "user-circle"
