"""Rollouts, through the services that make them."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.actor import Actor
from builds.models import Build
from devices.models import Device, DeviceState
from fleet.models import Rollout
from fleet.rollouts.services import rollout_create
from tests.factories.builds import ArtifactFactory, SourceFactory

ACTOR = Actor.named_system("tests")
CONTENT = b"firmware" * 8


def make_generic_build(organization: Any, version: str = "2.0.0", **more: Any) -> Build:
    """Return a build for no device in particular, whose file is there."""
    more.setdefault("build__source", SourceFactory(organization=organization))
    content = more.pop("content", CONTENT)
    stored = default_storage.save("rollouts/firmware.pyz", ContentFile(content))
    artifact = ArtifactFactory(
        build__version=version,
        build__platform="python",
        build__firmware=f"firmware:{version}",
        file=stored,
        size=len(content),
        sha256=version.replace(".", "0").ljust(64, "0"),
        **more,
    )
    return artifact.build


def make_devices(
    organization: Any, count: int, version: str = "1.0.0", **more: Any
) -> list[Device]:
    """Return devices that report a version. Two statements."""
    more = {"platform": "python", **more}
    devices = Device.objects.bulk_create(
        Device(organization=organization, alias=f"d{n:04d}", **more) for n in range(count)
    )
    DeviceState.objects.bulk_create(DeviceState(device=each, version=version) for each in devices)
    return devices


def make_rollout(
    organization: Any, build: Build | None = None, plan: dict[str, Any] | None = None, **more: Any
) -> Rollout:
    """Draft a rollout to every device of the organization."""
    if build is None and "source" not in more:
        build = make_generic_build(organization)
    more.setdefault("devices", Device.objects.all())
    more.setdefault("name", "Spring firmware")
    return rollout_create(ACTOR, organization=organization, build=build, plan=plan, **more)
