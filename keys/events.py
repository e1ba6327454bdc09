"""Audit events of keys and environment variables."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class ApiKeyCreated(EventType):
    """A new API key."""

    slug = "keys.apikey_created"
    label = "API key created"
    icon = "key"


@events.register
class ApiKeyChanged(EventType):
    """Alias or expiry of an API key."""

    slug = "keys.apikey_changed"
    label = "API key changed"
    icon = "key"


@events.register
class ApiKeyRevoked(EventType):
    """A key that opens nothing any more."""

    slug = "keys.apikey_revoked"
    label = "API key revoked"
    icon = "ban"
    level = "warning"


@events.register
class ApiKeyGiven(EventType):
    """The key of a device went to another organization with it, and opens nothing here any more."""

    slug = "keys.apikey_given"
    label = "API key handed over"
    icon = "key"
    level = "warning"


@events.register
class DeployKeyCreated(EventType):
    """A generated or pasted SSH key."""

    slug = "keys.deploykey_created"
    label = "Deploy key created"
    icon = "lock"


@events.register
class DeployKeyChanged(EventType):
    """The alias of a deploy key."""

    slug = "keys.deploykey_changed"
    label = "Deploy key changed"
    icon = "lock"


@events.register
class DeployKeyDeleted(EventType):
    """An SSH key that is gone."""

    slug = "keys.deploykey_deleted"
    label = "Deploy key deleted"
    icon = "trash"
    level = "warning"


@events.register
class EnvVarSet(EventType):
    """A variable was created or got another value; the value itself is never recorded."""

    slug = "keys.envvar_set"
    label = "Variable set"
    icon = "variable"


@events.register
class EnvVarDeleted(EventType):
    """A variable is gone."""

    slug = "keys.envvar_deleted"
    label = "Variable deleted"
    icon = "trash"


@events.register
class ApiKeyUsedFromNewAddress(EventType):
    """A key was presented from an address that it was never used from before."""

    slug = "keys.apikey_new_address"
    label = "API key used from a new address"
    icon = "key"


@events.register
class ApiKeyRefused(EventType):
    """Somebody presented a key that is unknown, revoked, expired or of the wrong kind."""

    slug = "keys.apikey_refused"
    label = "API key refused"
    icon = "shield-lock"
    level = "warning"
