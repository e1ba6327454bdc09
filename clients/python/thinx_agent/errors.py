"""What can go wrong, by whose fault."""

from __future__ import annotations


class AgentError(Exception):
    """Anything the agent expects to happen and survives."""


class ConfigError(AgentError):
    """The configuration cannot work; the agent does not start."""


class TransportError(AgentError):
    """The console could not be reached or did not answer sensibly; worth another try."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(AgentError):
    """The console refused this device: a wrong key or owner."""


class Refused(AgentError):
    """This device refuses what it was offered; `permanent` means the same bytes never help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
