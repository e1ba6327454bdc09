"""Which build a device should run, decided for check-ins and shown on pages."""

from __future__ import annotations

from builds.choices import BuildStatus
from builds.engine import signing
from builds.models import Artifact, Build
from devices.models import Device
from devices.versions import update_available

# These fetch nothing over the air.
WITHOUT_UPDATES = {"sigfox", "nodejs"}


def newest_build(device: Device) -> Build | None:
    """Return the newest build that succeeded for the device, those of rollouts aside. One query."""
    rows = Build.objects.filter(device=device, status=BuildStatus.SUCCEEDED, is_held=False)
    return rows.order_by("-pk").first()


def firmware_of(build: Build) -> Artifact | None:
    """Return the file of a build that a device installs."""
    rows = Artifact.objects.filter(build=build, is_firmware=True)
    artifact = rows.order_by("pk").first()
    if artifact is not None:
        artifact.build = build
    return artifact


def is_newer(device: Device, build: Build | None) -> bool:
    """Tell whether the build is newer than what the device reports (the THiNX rule)."""
    if build is None or device.platform.partition(":")[0] in WITHOUT_UPDATES:
        return False
    state = device.state
    return update_available(state.version, state.env_hash, build.version, build.env_hash)


def is_offered(device: Device, build: Build | None) -> bool:
    """Tell whether the device is to fetch the build now.

    It must be newer, and wanted: by the device's automatic updates or by who started the build.
    A build that this device already gave up on is not forced upon it again.
    """
    if build is None or not is_newer(device, build):
        return False
    state = device.state
    if state.offered_build_id == build.pk and state.offer_state == "failed":
        return False
    return device.auto_update or build.deliver


def goes_back(artifact: Artifact, device: Device) -> bool:
    """Tell whether the device reports a version that is newer than this firmware."""
    state = getattr(device, "state", None)
    version = state.version if state is not None else ""
    return bool(version) and update_available(artifact.build.version, None, version, None)


def manifest_of(
    artifact: Artifact, device: Device, *, is_downgrade: bool = False
) -> dict[str, str | int]:
    """Return what is signed about an artifact for a device.

    `downgrade` stands in it only where the console wants the device to go back to an older version;
    agents refuse that of everybody else.
    """
    build = artifact.build
    manifest = signing.make_manifest(
        sha256=artifact.sha256,
        size=artifact.size,
        version=build.version,
        platform=build.platform,
        udid=device.udid,
        build=f"{build.uid}",
    )
    return {**manifest, "downgrade": 1} if is_downgrade else manifest
