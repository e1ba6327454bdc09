"""Sources and builds of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.db import models, transaction

from accounts.belongings import Belongings, belongings, plain_fields
from accounts.models import Organization, User
from builds.choices import CANCELLABLE, BuildStatus
from builds.models import Build, Source
from builds.services.state import move


@belongings.register
class Builds(Belongings):
    """With their artifacts, of which the export lists the names and hashes.

    A worker sees within half a second that its build was cancelled or is gone; it ends its
    processes and removes the clone.
    """

    slug = "builds"
    one = "build with its log and artifacts"
    many = "builds with their logs and artifacts"
    order = 20
    model = Build
    fields: ClassVar = (
        "uid", "source", "device", "number", "status", "platform", "branch", "commit",
        "commit_message", "version", "firmware", "error_code", "error_message", "created_at",
        "started_at", "finished_at",
    )  # fmt: skip
    related = ("source", "device")

    def rows(self, organization: Organization) -> models.QuerySet[Any]:
        """Fetch the artifacts along."""
        return super().rows(organization).prefetch_related("artifacts")

    def exported(self, row: Any) -> dict[str, Any]:
        """Add the artifacts."""
        said = ("uid", "name", "is_firmware", "size", "md5", "sha256", "signature", "created_at")
        files = [plain_fields(artifact, said) for artifact in row.artifacts.all()]
        return {**super().exported(row), "artifacts": files}

    def stop(self, actor: Any, user: User, organization: Organization) -> None:
        """Cancel what has not published yet."""
        running = Build.objects.filter(organization=organization, status__in=CANCELLABLE)
        for build in running.select_related("organization", "device"):
            move(build, BuildStatus.CANCELLED)

    def erase(self, organization: Organization) -> None:
        """Delete the rows; each takes its files along. Then the folder they were in."""
        super().erase(organization)
        transaction.on_commit(partial(_drop_folder, f"{organization.uid}"))


def _drop_folder(name: str) -> None:
    with contextlib.suppress(OSError):  # not empty, or a storage without folders
        default_storage.delete(name)


@belongings.register
class Sources(Belongings):
    """Addresses of repositories; how they are opened is not exported."""

    slug = "sources"
    one = "source"
    many = "sources"
    order = 25
    model = Source
    fields: ClassVar = (
        "uid", "alias", "url", "branch", "deploy_key", "access_token", "platform",
        "host_fingerprint", "last_commit", "checked_at", "check_code", "check_message",
        "created_at",
    )  # fmt: skip
    related = ("deploy_key",)
