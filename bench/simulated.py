"""Run inside a console's environment: make a fleet of simulated devices known, or count its rows.

`bench.simulated fill COUNT SEED FILE` writes the udids, one a line, in the order of the simulator.
`bench.simulated count FILE` writes what is stored of each device into a file.
`bench.simulated firmware VERSION` adds a build for none in particular that every kind may take.
`bench.simulated targets ROLLOUT FILE` writes wave and state of each device into a file.
"""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Max, Min, Sum
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.services import personal_organization
from builds.choices import BuildStatus
from builds.models import Artifact, Build, Source
from devices.models import Device, DeviceState
from fleet.models import RolloutTarget
from gateway.simulator import SimulatedDevice
from keys.services import api_key_create
from telemetry.constants import EVERYTHING
from telemetry.places import history
from telemetry.schema import CHECKIN, COUNTER

BATCH = 2000
COUNTED = f"SELECT COALESCE(sum(count), 0) FROM {COUNTER}"


def fill(count: int, seed: int, udids: Path) -> dict[str, Any]:
    """Add the devices that a simulation of this seed has, as if each had called before."""
    user = User.objects.get()
    organization = personal_organization(user)
    made: list[Device] = []
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        said = [SimulatedDevice(n, seed, organization.owner_id).registration() for n in numbers]
        rows = Device.objects.bulk_create(
            Device(
                organization=organization, alias=s["alias"], mac=s["mac"], platform=s["platform"]
            )
            for s in said
        )
        DeviceState.objects.bulk_create(_state(row, s) for row, s in zip(rows, said, strict=True))
        made += rows
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    udids.write_text("".join(f"{row.uid}\n" for row in made))
    _, key = api_key_create(Actor.for_user(user), organization=organization, alias="simulated")
    return {"owner": organization.owner_id, "api_key": key, "devices": len(made)}


def _state(device: Device, said: dict[str, Any]) -> DeviceState:
    names = ("firmware", "version", "env_hash", "status", "rssi", "timezone_offset")
    return DeviceState(
        device=device,
        last_seen_at=timezone.now(),
        timezone_name=said["timezone_abbr"],
        **{name: said[name] for name in names},
    )


def count(into: Path) -> dict[str, Any]:
    """Count what is stored: by device, and in the history."""
    states = DeviceState.objects.values_list("device__uid", "checkins")
    into.write_text(json.dumps({f"{uid}": n for uid, n in states.iterator()}))
    with history().cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {CHECKIN}")
        rows = cursor.fetchone()[0]
        found = {}
        for metric in ("checkins", "left_out"):
            where = " WHERE organization_id = %s AND grain = 'd' AND metric = %s"
            cursor.execute(COUNTED + where, [EVERYTHING, metric])
            found[metric] = int(cursor.fetchone()[0])
    stored = DeviceState.objects.aggregate(n=Sum("checkins"))["n"] or 0
    return {"stored": stored, "history_rows": rows, "counted": found["checkins"],
            "left_out": found["left_out"]}  # fmt: skip


def firmware(version: str) -> dict[str, Any]:
    """Add a build whose file is as large as that of a small microcontroller."""
    organization = personal_organization(User.objects.get())
    content = os.urandom(256 << 10)
    source = Source.objects.create(organization=organization, alias=f"firmware {version}")
    build = Build.objects.create(
        organization=organization, source=source, number=1, status=BuildStatus.SUCCEEDED,
        deliver=False, version=version, firmware=f"firmware:{version}",
    )  # fmt: skip
    Artifact.objects.create(
        organization=organization, build=build, name="firmware.bin", is_firmware=True,
        file=default_storage.save(f"bench/{build.uid}", ContentFile(content)), size=len(content),
        md5=hashlib.md5(content).hexdigest(), sha256=hashlib.sha256(content).hexdigest(),
        signature="", signing_key_id="",
    )  # fmt: skip
    return {"build": f"{build.uid}"}


def targets(rollout: str, into: Path) -> dict[str, Any]:
    """Say what became of each device, and how long each wave took."""
    rows = RolloutTarget.objects.filter(rollout__uid=rollout)
    found = rows.values_list("device__uid", "wave", "state")
    into.write_text(json.dumps({f"{uid}": [wave, state] for uid, wave, state in found.iterator()}))
    times = rows.filter(released_at__isnull=False).order_by("wave").values("wave")
    spans = times.annotate(begins=Min("released_at"), ends=Max("ended_at"))
    return {"seconds": [round((s["ends"] - s["begins"]).total_seconds(), 1) for s in spans]}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", number, seed, file]:
            print(json.dumps(fill(int(number), int(seed), Path(file))))
        case ["firmware", version]:
            print(json.dumps(firmware(version)))
        case ["targets", rollout, file]:
            print(json.dumps(targets(rollout, Path(file))))
        case ["count", file]:
            print(json.dumps(count(Path(file))))
        case _:
            sys.exit(__doc__)
