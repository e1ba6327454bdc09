"""Run inside a console's environment: bring it to a number of devices, print who they are."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.services import personal_organization
from devices.models import Device, DeviceState
from keys.services import api_key_create

BATCH = 2000


def main(wanted: int, udids: Path) -> None:
    """Add devices until there are enough; write their ids; make a key; say both."""
    user = User.objects.get()
    organization = personal_organization(user)
    there = Device.objects.count()
    now = timezone.now()
    for start in range(there, wanted, BATCH):
        rows = Device.objects.bulk_create(
            Device(
                organization=organization,
                alias=f"Device {number:06d}",
                mac=f"02:00:00:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
                platform="python",
            )
            for number in range(start, min(start + BATCH, wanted))
        )
        DeviceState.objects.bulk_create(
            DeviceState(device=row, last_seen_at=now, version="1.0.0", status="ok") for row in rows
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ids = Device.objects.values_list("uid", flat=True)
    udids.write_text("".join(f"{uid}\n" for uid in ids))
    _, key = api_key_create(Actor.for_user(user), organization=organization, alias="bench")
    print(json.dumps({"owner": organization.owner_id, "api_key": key, "devices": len(ids)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
