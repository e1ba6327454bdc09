"""The reference of the check-in: a Django view with one SELECT, one UPDATE and nothing else."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import json
import os
from pathlib import Path

from django.conf import settings

from thinx_console.settings.databases import database_from_url

if not settings.configured:
    _file = Path(os.environ["THINX_DATA_DIR"]) / "console.sqlite3"
    _database = database_from_url(os.environ.get("THINX_DATABASE_URL") or f"sqlite:///{_file}")
    # The fastest that Django does by itself: connections of threads that live on.
    _database["OPTIONS"].pop("pool", None)
    settings.configure(
        SECRET_KEY="nothing is signed here",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="bench.bare",
        MIDDLEWARE=[],
        USE_TZ=True,
        DATABASES={"default": {**_database, "CONN_MAX_AGE": 60}},
    )

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone


class Device(models.Model):
    """The console's own table."""

    uid = models.UUIDField(unique=True)
    alias = models.CharField(max_length=80)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "devices_device"

    def __str__(self) -> str:
        return self.alias


class DeviceState(models.Model):
    """The row that a check-in writes."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True)
    last_seen_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=400)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "devices_devicestate"

    def __str__(self) -> str:
        return self.status


def register(request: HttpRequest) -> HttpResponse:
    """Find the device by its udid, store that it was seen, answer."""
    said = json.loads(request.body)["registration"]
    device = Device._default_manager.get(uid=said["udid"])
    DeviceState._default_manager.filter(device_id=device.pk).update(
        last_seen_at=timezone.now(), status=said["status"]
    )
    answer = json.dumps({"registration": {"success": True, "alias": device.alias}})
    return HttpResponse(answer, content_type="application/json")


urlpatterns = [path("device/register", register)]
application = get_wsgi_application()
