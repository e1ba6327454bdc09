"""Run inside a console's environment: a large and a small organization; print who they are."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organization, User
from accounts.services import personal_organization, user_create
from devices.models import Device, DeviceState
from keys.services import api_key_create

BATCH = 2000
FEW = 100
SMALL = "few@example.org"


def main(wanted: int, udids: Path) -> None:
    """Give the operator many devices and another person few; write ids, make a key, say both."""
    user = User.objects.exclude(email=SMALL).get()
    organization = personal_organization(user)
    fill(organization, wanted)
    fill(personal_organization(other_person()), FEW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ids = Device.objects.filter(organization=organization).values_list("uid", flat=True)
    udids.write_text("".join(f"{uid}\n" for uid in ids))
    stored, key = api_key_create(Actor.for_user(user), organization=organization, alias="bench")
    DeviceState.objects.filter(device__organization=organization).update(
        last_key_prefix=stored.prefix
    )
    print(json.dumps({"owner": organization.owner_id, "api_key": key, "devices": len(ids)}))


def other_person() -> User:
    """Return the one with few devices."""
    found = User.objects.filter(email=SMALL).first()
    return found or user_create(
        Actor.named_system("bench"), email=SMALL, password=secrets.token_hex(16)
    )


def fill(organization: Organization, wanted: int) -> None:
    """Add devices to an organization until it has enough."""
    now = timezone.now()
    for start in range(Device.objects.filter(organization=organization).count(), wanted, BATCH):
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


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
