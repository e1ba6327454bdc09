"""Artifacts: stored, signed, opened, removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage

from builds.engine.run import BuildResult
from builds.engine.signing import make_manifest
from builds.exceptions import BuildPlatformError
from builds.models import Artifact, Build, SigningKey
from builds.sandbox import Collected
from builds.services.signing import current_signing_key, sign_manifest


def artifacts_store(build: Build, result: BuildResult) -> list[Artifact]:
    """Copy the files of a result into the storage and return their unsaved rows.

    Rows are saved by the transaction that makes the build succeed, so a half-published build
    shows nothing; `artifacts_discard` removes the files when that does not happen. Raises
    BuildPlatformError (build.platform.storage) when the storage does not take a file.
    """
    key = current_signing_key()
    artifacts: list[Artifact] = []
    try:
        for collected in result.files:
            artifacts.append(_store(build, result, collected, key))
    except OSError as error:
        artifacts_discard(artifacts)
        raise BuildPlatformError(
            "build.platform.storage",
            f"The firmware was built but could not be stored: {error.strerror or error}.",
        ) from error
    return artifacts


def artifacts_discard(artifacts: Iterable[Artifact]) -> None:
    """Remove stored files whose rows were never saved."""
    for artifact in artifacts:
        default_storage.delete(artifact.file)


def artifact_open(artifact: Artifact) -> Any:
    """Open the stored file for reading; raises FileNotFoundError when it is gone."""
    return default_storage.open(artifact.file, "rb")


def _store(build: Build, result: BuildResult, collected: Collected, key: SigningKey) -> Artifact:
    name = f"{build.organization.uid}/{build.uid}/{collected.name}"
    with collected.path.open("rb") as file:
        stored = default_storage.save(name, File(file))
    manifest = make_manifest(
        sha256=collected.sha256,
        size=collected.size,
        version=build.version,
        platform=build.platform,
        udid=build.device.udid if build.device is not None else "",
        build=f"{build.uid}",
    )
    return Artifact(
        organization=build.organization,
        build=build,
        name=collected.name,
        is_firmware=collected.name == result.firmware_file,
        file=stored,
        size=collected.size,
        md5=collected.md5,
        sha256=collected.sha256,
        signature=sign_manifest(key, manifest),
        signing_key_id=key.key_id,
    )
