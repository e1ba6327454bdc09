"""What the example consists of, and how its parts are told from what people made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import Organization
from builds.models import Source
from devices.models import Device

TAG = "example"
VARIABLE = "GREETING"


@dataclass(frozen=True)
class ExampleSource:
    """One bundled repository."""

    name: str
    alias: str

    @property
    def url(self) -> str:
        """Return where this console serves it."""
        return f"{settings.PUBLIC_URL}/examples/{self.name}.git"

    @property
    def mark(self) -> Q:
        """Return what tells its row: the address, also from before the console moved."""
        return Q(url=self.url) | Q(alias=self.alias, url__endswith=f"/examples/{self.name}.git")


@dataclass(frozen=True)
class ExampleDevice:
    """One simulated device; `needs` is the program of this machine that it runs in."""

    kind: str
    alias: str
    platform: str
    description: str
    greeting: str
    needs: str

    @property
    def is_possible(self) -> bool:
        """Tell whether this machine can simulate it."""
        return Path(self.needs).exists()

    def mac(self, organization: Organization) -> str:
        """Return its address: of its own in each organization, from the range for private use."""
        digest = hashlib.sha256(f"{organization.owner_id}:{self.kind}".encode()).hexdigest().upper()
        return ":".join(["02", *(digest[i : i + 2] for i in range(0, 10, 2))])


SOURCES = (
    ExampleSource("python", "Example in Python"),
    ExampleSource("micropython", "Example in MicroPython"),
    ExampleSource("arduino", "Example for Arduino"),
)
DEVICES = (
    ExampleDevice(
        kind="python",
        alias="Example thermometer",
        platform="python",
        description="A simulated device. It runs the device agent for Python on this machine.",
        greeting="Good morning from THiNX",
        needs="/usr/bin/python3",
    ),
    ExampleDevice(
        kind="arduino",
        alias="Example level sensor",
        platform="arduino:atmega328p",
        description="A simulated Arduino Uno, run by simavr on this machine.",
        greeting="Good evening from THiNX",
        needs="/usr/bin/simavr",
    ),
)


def example_sources(organization: Organization) -> Any:
    """Return the rows of the bundled repositories."""
    mark = Q()
    for source in SOURCES:
        mark |= source.mark
    return Source.objects.filter(mark, organization=organization)


def example_devices(organization: Organization) -> Any:
    """Return the rows of the simulated devices."""
    macs = [device.mac(organization) for device in DEVICES]
    return Device.objects.filter(organization=organization, mac__in=macs)
