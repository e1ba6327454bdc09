"""Who is offered devices finds it in the inbox."""

from __future__ import annotations

from notifications.models import Notification
from notifications.services.spreading import spread_due
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_transfer


def test_the_side_that_is_asked_is_told(acme, umbrella, alice, mallory):
    make_transfer([DeviceFactory(organization=acme)], umbrella.owner_id, user=alice)
    spread_due()
    told = Notification.objects.get(kind="transfer_received")
    assert told.user == mallory
    assert told.title.endswith("wants to hand devices over to Umbrella")
    assert told.url.startswith("/transfers/")
