"""The outcomes of a build: whose fault it was, with a code that stays."""

from __future__ import annotations

from core.exceptions import DomainError


class BuildUserError(DomainError):
    """The repository, its settings or its code do not build; its owner can cure it."""

    status = 422


class BuildPlatformError(DomainError):
    """This installation cannot build now; its operator can cure it."""

    status = 503


class BuildCancelled(DomainError):
    """Somebody cancelled the build while it ran. Not a fault of anybody."""

    status = 409

    def __init__(self) -> None:
        super().__init__("build.cancelled", "The build was cancelled.")
