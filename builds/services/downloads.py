"""Artifacts handed out to people and scripts. Devices have their own door."""

from __future__ import annotations

from typing import Any

from audit.recorder import record
from builds import events
from builds.models import Artifact
from builds.services.artifacts import artifact_open
from core.exceptions import DomainError


class ArtifactMissing(DomainError):
    """The row is there, the file is not: somebody emptied the store by hand."""

    status = 410


def artifact_download(actor: Any, *, artifact: Artifact) -> Any:
    """Open an artifact's file for a person or a script. Audits.

    Raises ArtifactMissing (artifact.missing) when the store no longer has the file.
    """
    try:
        file = artifact_open(artifact)
    except OSError as error:
        raise ArtifactMissing(
            "artifact.missing",
            f"The file {artifact.name} is no longer in the store. Build it again.",
        ) from error
    record(
        actor,
        events.ArtifactDownloaded,
        artifact,
        organization=artifact.organization,
        build=f"{artifact.build}",
        sha256=artifact.sha256,
    )
    return file
