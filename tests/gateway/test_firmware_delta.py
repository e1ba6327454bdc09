"""Firmware as a delta, by RFC 3229: who is given one, and what everybody else still gets."""

from __future__ import annotations

import base64
import io
import json
import random
from datetime import timedelta

import detools
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from builds.deltas import services
from builds.deltas.models import Delta, DeltaState
from builds.deltas.services import delta_make, deltas_sweep
from builds.models import Artifact, OneTimeToken
from builds.services.tokens import token_issue
from tests.factories.devices import DeviceFactory

from .conftest import check_signature

pytestmark = pytest.mark.django_db

OLD = random.Random(7).randbytes(40_000)
NEW = OLD[:20_000] + b"something new" + OLD[20_000:]


@pytest.fixture
def old(probe, publish) -> Artifact:
    return publish(probe, "1.0.6", content=OLD)


@pytest.fixture
def new(probe, publish) -> Artifact:
    return publish(probe, "1.0.7", content=NEW)


@pytest.fixture(autouse=True)
def no_files_left():
    yield
    for delta in Delta.objects.exclude(file=""):
        default_storage.delete(delta.file)


def fetch(device, target, base="", **headers):
    """Ask as a device that runs `base` and can put deltas together."""
    ott = token_issue(device=device, artifact=target)
    if base:
        headers = {"A-IM": "detools", "If-None-Match": f'"{base}"', **headers}
    return Client().get("/device/firmware", {"ott": ott}, headers=headers)


def make_all():
    for pk in Delta.objects.values_list("pk", flat=True):
        delta_make(pk)


def test_device_that_waits_is_given_the_delta_once_it_is_made(probe, old, new):
    first = fetch(probe, new, old.sha256, Prefer="respond-async")
    assert (first.status_code, first["Retry-After"], first.content) == (202, "2", b"")
    make_all()
    given = fetch(probe, new, old.sha256, Prefer="respond-async")
    assert given.status_code == 226
    assert (given["IM"], given["Delta-Base"]) == ("detools", f'"{old.sha256}"')
    assert int(given["Content-Length"]) == len(given.content) < 1000
    made = io.BytesIO()
    detools.apply_patch(io.BytesIO(OLD), io.BytesIO(given.content), made)
    assert made.getvalue() == NEW
    assert (given["x-SHA256"], given["x-MD5"]) == (new.sha256, new.md5)
    check_signature_of(given, NEW)


def check_signature_of(response, content):
    manifest = json.loads(base64.b64decode(response["x-THiNX-Manifest"]))
    assert manifest["size"] == len(content)
    check_signature(response)


def test_device_that_does_not_wait_is_given_the_whole(probe, old, new):
    whole = fetch(probe, new, old.sha256)
    assert (whole.status_code, whole.content) == (200, NEW)
    make_all()
    assert fetch(probe, new, old.sha256).status_code == 226


def test_device_that_says_nothing_of_deltas_is_given_the_whole(probe, old, new):
    headers = {"If-None-Match": f'"{old.sha256}"'}
    assert fetch(probe, new, **headers).content == NEW
    assert not Delta.objects.exists()


@pytest.mark.parametrize("known", ["*", "W/", '"abc"', "", f'"{"0" * 64}"'])
def test_firmware_that_nobody_knows_has_no_delta(probe, old, new, known):
    headers = {"A-IM": "detools", "If-None-Match": known}
    assert fetch(probe, new, **headers).status_code in {200, 304}
    assert not Delta.objects.exists()


def test_firmware_of_another_device_is_no_base(probe, acme, publish, new):
    other = publish(DeviceFactory(organization=acme), "1.0.6", content=OLD)
    whole = fetch(probe, new, other.sha256, Prefer="respond-async")
    assert (whole.status_code, whole.content) == (200, NEW)
    assert not Delta.objects.exists()


def test_device_that_has_it_is_told_so(probe, new):
    assert fetch(probe, new, new.sha256).status_code == 304


def test_part_of_the_whole_is_never_a_delta(probe, old, new):
    part = fetch(probe, new, old.sha256, Range="bytes=0-9")
    assert (part.status_code, part.content) == (206, NEW[:10])


def test_delta_that_saves_nothing_is_not_given(probe, publish, new):
    other = publish(probe, "1.0.5", content=random.Random(8).randbytes(40_000))
    fetch(probe, new, other.sha256)
    make_all()
    assert Delta.objects.get().state == DeltaState.USELESS
    assert fetch(probe, new, other.sha256, Prefer="respond-async").status_code == 200


def test_large_firmware_is_not_tried(probe, old, new, monkeypatch):
    monkeypatch.setattr(services, "LARGEST", 30_000)
    assert fetch(probe, new, old.sha256, Prefer="respond-async").status_code == 200


def test_delta_whose_file_is_gone_gives_way_to_the_whole(probe, old, new):
    fetch(probe, new, old.sha256)
    make_all()
    default_storage.delete(Delta.objects.get().file)
    assert fetch(probe, new, old.sha256).content == NEW


def test_base_whose_file_is_gone_makes_no_delta(probe, old, new):
    fetch(probe, new, old.sha256)
    default_storage.delete(old.file)
    make_all()
    assert Delta.objects.get().state == DeltaState.USELESS


def test_delta_counts_as_the_download(probe, old, new):
    fetch(probe, new, old.sha256, Prefer="respond-async")
    assert not OneTimeToken.objects.exclude(first_used_at=None).exists()
    make_all()
    fetch(probe, new, old.sha256)
    assert OneTimeToken.objects.exclude(first_used_at=None).count() == 1
    assert AuditEvent.objects.filter(verb="devices.firmware_downloaded").count() == 1


def test_two_workers_make_it_once(probe, old, new):
    fetch(probe, new, old.sha256)
    pk = Delta.objects.get().pk
    Delta.objects.update(state=DeltaState.MAKING)
    delta_make(pk)
    assert Delta.objects.get().state == DeltaState.MAKING


def test_what_a_dead_worker_left_is_made_again(probe, old, new):
    fetch(probe, new, old.sha256)
    long_ago = timezone.now() - timedelta(minutes=10)
    Delta.objects.update(state=DeltaState.MAKING, changed_at=long_ago)
    deltas_sweep()
    assert Delta.objects.get().state == DeltaState.WAITING
    make_all()
    assert Delta.objects.get().state == DeltaState.READY


def test_delta_goes_with_its_firmware_and_when_nobody_fetches_it(
    probe, old, new, django_capture_on_commit_callbacks
):
    fetch(probe, new, old.sha256)
    make_all()
    file = Delta.objects.get().file
    with django_capture_on_commit_callbacks(execute=True):
        deltas_sweep()
    assert default_storage.exists(file)
    Delta.objects.update(used_at=timezone.now() - timedelta(days=15))
    with django_capture_on_commit_callbacks(execute=True):
        deltas_sweep()
    assert not Delta.objects.exists()
    assert not default_storage.exists(file)
