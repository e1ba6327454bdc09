"""What is told of builds: to whoever started one, else to all who may see it and want to hear."""

from __future__ import annotations

from builds.models import Build
from notifications.choices import Level
from notifications.kinds import Kind, kinds
from notifications.services import notify


@kinds.register
class BuildFailed(Kind):
    """A build ended without firmware, by whose fault ever."""

    slug = "build_failed"
    label = "Build failed"
    text = "When a build fails that you started, or that nobody did: a webhook's."
    default = ("inbox", "email")
    level = Level.ERROR
    one = "{name} failed"
    many = "{count} builds failed"
    many_page = "builds:build_list"
    many_query = "status=failed"
    button = "See its log"
    icon = "hammer"


@kinds.register
class BuildSucceeded(Kind):
    """There is new firmware."""

    slug = "build_succeeded"
    label = "Build succeeded"
    text = "When a build gave new firmware, started by you or by a webhook."
    default = ()
    level = Level.OK
    one = "{name} succeeded"
    many = "{count} builds succeeded"
    many_page = "builds:build_list"
    many_query = "status=succeeded"
    button = "See the build"
    icon = "hammer"


def build_failed_news(build: Build, *, message: str, code: str = "") -> None:
    """Tell that a build failed; call it in the transaction that says so."""
    _tell(BuildFailed, build, message=message, code=code)


def build_succeeded_news(build: Build, *, firmware: str) -> None:
    """Tell that a build gave firmware; call it in the transaction that says so."""
    _tell(BuildSucceeded, build, message=f"It gave {firmware}.", firmware=firmware)


def _tell(kind: type[Kind], build: Build, **facts: str) -> None:
    whom = [build.created_by] if build.created_by is not None else []
    device = f"{build.device}" if build.device is not None else ""
    tags = build.device.tags if build.device is not None else ()
    meshes = build.device.mesh_ids if build.device is not None else ()
    notify(
        kind, build.organization, build, to=whom, tags=tags, meshes=meshes, device=device, **facts
    )
