"""Devices."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from devices.models import Device, DeviceState, Mesh
from tests.factories.accounts import OrganizationFactory


class DeviceFactory(DjangoModelFactory[Device]):
    """A device with its state row."""

    class Meta:
        model = Device
        skip_postgeneration_save = True

    organization = factory.SubFactory(OrganizationFactory)
    alias = factory.Sequence(lambda n: f"device-{n:04d}")
    mac = factory.Sequence(
        lambda n: f"5C:CF:7F:{n >> 16 & 255:02X}:{n >> 8 & 255:02X}:{n & 255:02X}"
    )
    platform = "python"
    state = factory.RelatedFactory(
        "tests.factories.devices.DeviceStateFactory", factory_related_name="device"
    )


class DeviceStateFactory(DjangoModelFactory[DeviceState]):
    """What a device last said."""

    class Meta:
        model = DeviceState


class MeshFactory(DjangoModelFactory[Mesh]):
    """A group of devices, still without any."""

    class Meta:
        model = Mesh

    organization = factory.SubFactory(OrganizationFactory)
    mesh_id = factory.Sequence(lambda n: f"mesh-{n:04d}")
    alias = factory.SelfAttribute("mesh_id")
