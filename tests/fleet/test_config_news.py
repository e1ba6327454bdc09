"""Who pushed a configuration hears that devices did not fetch it."""

from __future__ import annotations

from django.utils import timezone

from fleet.pushes.models import ConfigPush
from fleet.pushes.services import config_push_start, config_pushes_expire
from notifications.models import Notification, Occurrence
from notifications.services.spreading import spread_due
from tests.factories.devices import DeviceFactory


def test_expired_pushes_are_told_to_who_pushed_them(act, acme, alice, olga):
    for _ in range(3):
        device = DeviceFactory(organization=acme)
        config_push_start(act(olga), device=device, values={"REPORT_EVERY": "60"})
    ConfigPush.objects.update(expires_at=timezone.now())
    assert config_pushes_expire() == 3
    assert config_pushes_expire() == 0
    Occurrence.objects.update(due_at=timezone.now())
    spread_due()
    told = Notification.objects.get()
    assert (told.user, told.title) == (olga, "3 devices did not fetch their configuration")
    assert told.items[0]["message"] == "It was not told: REPORT_EVERY."
