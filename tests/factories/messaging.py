"""Messages and questions of devices."""

from __future__ import annotations

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from messaging.choices import Direction
from messaging.models import DeviceMessage, DeviceQuestion
from tests.factories.devices import DeviceFactory


class DeviceMessageFactory(DjangoModelFactory[DeviceMessage]):
    """A status that a device published."""

    class Meta:
        model = DeviceMessage

    device = factory.SubFactory(DeviceFactory)
    at = factory.LazyFunction(timezone.now)
    direction = Direction.IN
    suffix = "status"
    payload = b'{"status":"Fine"}'
    size = factory.LazyAttribute(lambda made: len(made.payload))


class DeviceQuestionFactory(DjangoModelFactory[DeviceQuestion]):
    """An open question."""

    class Meta:
        model = DeviceQuestion

    device = factory.SubFactory(DeviceFactory)
    title = "Update available"
    body = "Install it now?"
    wants_bool = True
