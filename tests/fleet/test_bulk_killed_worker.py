"""Workers ended by force amid a bulk job: each device is done once, none is forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from devices.models import Device
from fleet.bulk.working import bulk_job_work
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_bulk_job
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
DEVICES, KILLS = 60, 3
# It lingers between what it did to a device and the commit: that is where it is killed.
WORKER = """
import time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = {database!r}
from fleet.bulk.registry import bulk_actions
from fleet.bulk.working import bulk_job_work
action = type(bulk_actions.get("tags"))
perform = action.perform
def slow(*given, **params):
    said = perform(*given, **params)
    time.sleep(0.1)
    return said
action.perform = slow
bulk_job_work({uid!r}, seconds=600)
"""


def worker_for(job) -> subprocess.Popen:
    code = WORKER.format(database=f"{connection.settings_dict['NAME']}", uid=f"{job.uid}")
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "thinx_console.settings.test",
            "THINX_DATA_DIR": f"{settings.DATA_DIR}",
        },
    )


def test_each_device_is_done_once_however_often_a_worker_is_killed(olga, acme):
    devices = [DeviceFactory(organization=acme) for _ in range(DEVICES)]
    job = make_bulk_job(olga, *devices)
    done = job.items.filter(state="done")
    for _ in range(KILLS):
        before = done.count()
        worker = worker_for(job)
        enough = min(before + 2, DEVICES - 1)
        wait_until(lambda enough=enough: done.count() > enough, 120)
        worker.kill()
        worker.wait(30)
        # What it had taken is free once its lease has run out.
        past = timezone.now() - timedelta(seconds=1)
        job.items.filter(state="running").update(lease_until=past)
    bulk_job_work(f"{job.uid}")
    job.refresh_from_db()
    assert (job.state, job.done, job.failed, job.skipped) == ("done", DEVICES, 0, 0)
    assert all(device.tags == ["new"] for device in Device.objects.all())
    changed = AuditEvent.objects.filter(verb="devices.changed")
    assert changed.count() == changed.values("target_uid").distinct().count() == DEVICES
    assert AuditEvent.objects.filter(verb="fleet.bulk_job_ended").count() == 1
