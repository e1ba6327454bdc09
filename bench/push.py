"""A push to many devices, inside the console's environment: durable, then fetched and confirmed.

`python -m bench.push DEVICES ROUNDS` prints JSON. The reference is two bare statements over the
same rows of the same tables: an UPDATE of what is open, and an INSERT … SELECT of receipts. The
sides take turns, so each finds what the other left open for every device. The simulator is the
gateway's own code without HTTP: check-ins that fetch (one by one, as devices call), and, by the
fast way, those that confirm; it stops at a bound of seconds and says how far it came.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.actor import Actor  # noqa: E402
from accounts.models import Organization  # noqa: E402
from core.views.selection import Selection  # noqa: E402
from devices.models import Device, DeviceState  # noqa: E402
from fleet.models import ConfigPush, ConfigReceipt  # noqa: E402
from fleet.pushes.applying import config_push_apply  # noqa: E402
from fleet.pushes.drafting import config_push_draft  # noqa: E402
from fleet.pushes.receipts import open_receipt  # noqa: E402
from fleet.pushes.selectors import counts_of  # noqa: E402
from gateway.configuring import configured, receipt_for  # noqa: E402
from gateway.fast.calls import Call, read_call  # noqa: E402
from gateway.fast.statements import store  # noqa: E402
from gateway.protocol import answers  # noqa: E402
from keys.services import api_key_create  # noqa: E402

SIMULATED_SECONDS = 1800.0
RECEIPTS = ConfigReceipt._meta.db_table
DEVICES = Device._meta.db_table


def main(devices: int, rounds: int) -> dict[str, Any]:
    """Measure A B A B; return every single time."""
    actor = Actor.named_system("bench")
    organization = Organization.objects.add_root(instance=Organization(name="Bench of pushes"))
    fill(organization, devices)
    # What is open before each turn, so that there is as much to replace as to add.
    apply(actor, organization)
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(timed(lambda: apply(actor, organization)))
        bare.append(timed(lambda: reference(actor, organization)))
    push = apply(actor, organization)
    return {
        "devices": devices,
        "ours": ours,
        "bare": bare,
        "ours_seconds": statistics.median(ours),
        "bare_seconds": statistics.median(bare),
        "simulated": simulate(push),
    }


def fill(organization: Organization, count: int) -> None:
    """Make devices that call over HTTP."""
    with transaction.atomic():
        Device.objects.bulk_create(
            (
                Device(organization=organization, alias=f"p{n:06d}", platform="python")
                for n in range(count)
            ),
            batch_size=5_000,
        )
        rows = Device.objects.filter(organization=organization).values_list("pk", flat=True)
        DeviceState.objects.bulk_create(
            (DeviceState(device_id=pk) for pk in rows), batch_size=5_000
        )


def timed(work: Any) -> float:
    """Return the seconds that the work takes, its commit included."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def apply(actor: Actor, organization: Organization) -> ConfigPush:
    """Draft and apply a push to every device."""
    push = config_push_draft(
        actor,
        organization=organization,
        values={"EVERY": "60", "MODE": "eco"},
        selection=Selection(query=""),
    )
    return config_push_apply(actor, push=push)


def reference(actor: Actor, organization: Organization) -> None:
    """Do the same rows by two bare statements, for a push that is there already."""
    push = ConfigPush.objects.filter(organization=organization).order_by("-pk").first()
    assert push is not None
    bare = config_push_draft(
        actor, organization=organization, values={"A": "1"}, selection=Selection(query="")
    )
    uid = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {RECEIPTS} SET state = 'replaced', ended_at = CURRENT_TIMESTAMP "
            "WHERE push_id = %s AND state = 'queued'",
            [push.pk],
        )
        cursor.execute(
            f"INSERT INTO {RECEIPTS} (uid, push_id, device_id, state, channel, attempts, proof, "
            f"words, queued_at) SELECT {uid}, %s, id, 'queued', '', 0, '', '', CURRENT_TIMESTAMP "
            f"FROM {DEVICES} WHERE organization_id = %s",
            [bare.pk, organization.pk],
        )


def simulate(push: ConfigPush) -> dict[str, Any]:
    """Have devices fetch and confirm until all have or time is up; count the receipts exactly."""
    began = time.perf_counter()
    fetched = 0
    for device in devices_of(push):
        if time.perf_counter() - began > SIMULATED_SECONDS:
            break
        fetched += fetch(device)
    fetching = time.perf_counter() - began
    calls = calls_of(push)
    began = time.perf_counter()
    while batch := list(itertools.islice(calls, 500)):
        store(batch, timezone.now())
    return {
        "fetched": fetched,
        "fetch_seconds": fetching,
        "confirm_seconds": time.perf_counter() - began,
        "receipts": counts_of(push),
        "not_exact": ConfigReceipt.objects.filter(push=push).count()
        - sum(counts_of(push).values()),
    }


def devices_of(push: ConfigPush) -> Iterator[Device]:
    """Yield its devices, some at a time: SQLite does not write while a result is being read."""
    rows = Device.objects.filter(config_receipts__push=push).select_related("organization", "state")
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:500]):
        yield from found
        last = found[-1].pk


def calls_of(push: ConfigPush) -> Iterator[Call]:
    """Yield the next check-in of each device that was given the configuration."""
    owner = push.organization.owner_id
    _, key = api_key_create(
        Actor.named_system("bench"), organization=push.organization, alias="bench"
    )
    delivered = ConfigReceipt.objects.filter(push=push, state="delivered")
    for uid in list(delivered.order_by("pk").values_list("device__uid", flat=True)):
        body = json.dumps({"registration": {"owner": owner, "udid": f"{uid}"}})
        call = read_call(key, body.encode(), "127.0.0.1")
        assert call is not None
        yield call


def fetch(device: Device) -> bool:
    """Let one device call; return whether it was given the configuration."""
    receipt = receipt_for(device, status=None)
    if receipt is None:
        return False
    after: list[Any] = []
    plain = answers.checked_in(owner="o", alias="a", udid="u", auto_update=False, timestamp=0)
    answer = configured(receipt, plain, after)
    for noted in after:
        noted()
    return b'"configuration"' in answer and open_receipt(device) is not None


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
