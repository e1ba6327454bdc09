"""Audit events of sources and builds."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class SourceCreated(EventType):
    """A repository was added."""

    slug = "builds.source_created"
    label = "Source added"
    icon = "git-branch"


@events.register
class SourceChanged(EventType):
    """URL, branch or credentials of a source."""

    slug = "builds.source_changed"
    label = "Source changed"
    icon = "git-branch"


@events.register
class SourceDeleted(EventType):
    """A source is gone, and its builds with it."""

    slug = "builds.source_deleted"
    label = "Source deleted"
    icon = "trash"
    level = "warning"


@events.register
class SourceTested(EventType):
    """Access to a repository was tried; the host key may have been pinned."""

    slug = "builds.source_tested"
    label = "Source tested"
    icon = "git-branch"


@events.register
class BuildStarted(EventType):
    """A build was queued."""

    slug = "builds.build_started"
    label = "Build started"
    icon = "hammer"


@events.register
class BuildCancelled(EventType):
    """A person stopped a build."""

    slug = "builds.build_cancelled"
    label = "Build cancelled"
    icon = "hammer"


@events.register
class BuildFinished(EventType):
    """A build succeeded, failed or errored."""

    slug = "builds.build_finished"
    label = "Build finished"
    icon = "hammer"


@events.register
class BuildDeleted(EventType):
    """A build and its artifacts are gone."""

    slug = "builds.build_deleted"
    label = "Build deleted"
    icon = "trash"


@events.register
class ArtifactDownloaded(EventType):
    """A person or script fetched an artifact."""

    slug = "builds.artifact_downloaded"
    label = "Artifact downloaded"
    icon = "hammer"


@events.register
class SecretsRevealed(EventType):
    """A build was given secrets: which variables, which keys, never their values."""

    slug = "builds.secrets_revealed"
    label = "Secrets given to a build"
    icon = "lock"


@events.register
class SigningKeyCreated(EventType):
    """The installation made a key that signs firmware."""

    slug = "builds.signingkey_created"
    label = "Signing key created"
    icon = "key"
