"""What an emulator's life needs of a console besides its wire: builds, and a look at the rows."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.emulators.wire import Place
from tests.support.console import ROOT, Rest, RunningConsole


@dataclass(frozen=True)
class Firmware:
    """One build that is to be published for a device."""

    udid: str
    version: str
    content: bytes
    name: str = "firmware.bin"


class Stage(Protocol):
    """A console that emulators live with."""

    place: Place

    def device(self, udid: str) -> dict[str, Any]:
        """Return what the console knows of a device, as its API says it."""

    def publish(self, firmware: list[Firmware]) -> None:
        """Have builds that succeeded, and automatic updates on."""


@dataclass
class Embedded:
    """A console as `make run` starts it, looked at through its API."""

    console: RunningConsole
    place: Place
    rest: Rest

    def device(self, udid: str) -> dict[str, Any]:
        return self.rest.get(f"devices/{udid}/")

    def publish(self, firmware: list[Firmware]) -> None:
        """Store the builds from a process of its own, as a worker would."""
        asked = [{**vars(f), "content": base64.b64encode(f.content).decode()} for f in firmware]
        done = subprocess.run(
            [sys.executable, "-m", "tests.emulators.stage"],
            cwd=ROOT, env=self.console.env, input=json.dumps(asked), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@dataclass
class Server:
    """ASGI server and broker on the test's own database: PostgreSQL and Redis where those run."""

    place: Place
    known: dict[str, Any] = field(default_factory=dict)

    def device(self, udid: str) -> dict[str, Any]:
        from devices.models import Device, DeviceState

        device = Device.objects.values("alias", "mac", "platform", "organization_id").get(uid=udid)
        return {**device, "state": DeviceState.objects.values().get(device__uid=udid)}

    def publish(self, firmware: list[Firmware]) -> None:
        store(firmware)


def store(firmware: list[Firmware]) -> None:
    """Write builds with their artifacts for devices of this database."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from builds.choices import BuildStatus
    from devices.models import Device
    from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory

    for one in firmware:
        device = Device.objects.select_related("organization").get(uid=one.udid)
        Device.objects.filter(pk=device.pk).update(auto_update=True)
        build = BuildFactory(
            source=SourceFactory(organization=device.organization),
            device=device,
            number=1,
            status=BuildStatus.SUCCEEDED,
            version=one.version,
            firmware=f"probe:{one.version}",
            platform="arduino",
            commit="c" * 40,
            env_hash="e" * 64,
        )
        sha256 = hashlib.sha256(one.content).hexdigest()
        ArtifactFactory(
            build=build,
            name=one.name,
            file=default_storage.save(f"{build.uid}/{one.name}", ContentFile(one.content)),
            size=len(one.content),
            md5=hashlib.md5(one.content).hexdigest(),
            sha256=sha256,
        )


def _main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")
    django.setup()
    asked = json.load(sys.stdin)
    store([Firmware(**{**one, "content": base64.b64decode(one["content"])}) for one in asked])


if __name__ == "__main__":
    _main()
