"""Starting, cancelling, deleting and losing builds."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from audit.models import AuditEvent
from builds.choices import ALLOWED_FROM, CANCELLABLE, FINAL, BuildStatus
from builds.constants import RUN_TASK, SWEEP_TASK
from builds.models import Build
from builds.services import build_cancel, build_delete, build_start, builds_sweep
from builds.services.state import move
from core.exceptions import Conflict
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from thinx_console.celery import app


@pytest.fixture
def ready(acme):
    return DeviceFactory(organization=acme, source=SourceFactory(organization=acme))


def refused(code):
    return pytest.raises(Conflict, check=lambda error: error.code == code)


def test_task_names_are_registered():
    app.loader.import_default_modules()
    assert {RUN_TASK, SWEEP_TASK} <= set(app.tasks)


def test_build_gets_the_next_number_of_its_source(acme, olga, ready):
    first = build_start(Actor.for_user(olga), device=ready)
    other = DeviceFactory(organization=acme, source=ready.source)
    second = build_start(Actor.for_user(olga), device=other)
    assert (first.number, second.number) == (1, 2)
    assert first.status == BuildStatus.QUEUED


def test_start_is_audited(olga, ready):
    build = build_start(Actor.for_user(olga), device=ready)
    event = AuditEvent.objects.get(verb="builds.build_started")
    assert event.target_uid == build.uid
    assert event.actor == olga.email


def test_device_without_source_cannot_build(acme, system):
    with refused("build.no_source"):
        build_start(system, device=DeviceFactory(organization=acme))


def test_second_build_of_a_busy_device_is_refused(system, ready):
    build_start(system, device=ready)
    with refused("build.already_running"):
        build_start(system, device=ready)


def test_source_of_another_organization_is_refused(umbrella, system, ready):
    with refused("build.foreign_source"):
        build_start(system, device=ready, source=SourceFactory(organization=umbrella))


def test_ssh_source_with_unknown_host_key_is_refused(acme, system, ready):
    source = SourceFactory(organization=acme, url="ssh://git@example.org/x.git")
    with refused("build.source_untested"):
        build_start(system, device=ready, source=source)


def test_viewer_cannot_start_a_build(vera, ready):
    with pytest.raises(PermissionDenied):
        build_start(Actor.for_user(vera), device=ready)


@pytest.mark.parametrize("status", CANCELLABLE)
def test_unfinished_build_can_be_cancelled(acme, system, status):
    build = BuildFactory(source__organization=acme, status=status)
    assert build_cancel(system, build=build).status == BuildStatus.CANCELLED
    assert AuditEvent.objects.filter(verb="builds.build_cancelled").count() == 1


@pytest.mark.parametrize("status", [BuildStatus.PUBLISHING, *FINAL])
def test_published_or_finished_build_cannot_be_cancelled(acme, system, status):
    build = BuildFactory(source__organization=acme, status=status)
    with refused("build.not_cancellable"):
        build_cancel(system, build=build)
    build.refresh_from_db()
    assert build.status == status


@pytest.mark.parametrize("target", BuildStatus.values)
@pytest.mark.parametrize("present", BuildStatus.values)
def test_status_moves_only_along_the_table(acme, present, target):
    if target == BuildStatus.QUEUED:
        assert target not in ALLOWED_FROM
        return
    build = BuildFactory(source__organization=acme, status=present)
    assert move(build, target) is (present in ALLOWED_FROM[target])


def race(build, *targets):
    """Let one thread per target try its move at the same moment; return who made it."""
    barrier, won = threading.Barrier(len(targets)), []

    def attempt(target):
        barrier.wait()
        if move(build, target):
            won.append(target)
        connection.close()

    threads = [threading.Thread(target=attempt, args=[target]) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    build.refresh_from_db()
    return won


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_exactly_one_takes_the_build(acme):
    build = BuildFactory(source__organization=acme)
    assert race(build, BuildStatus.PREPARING, BuildStatus.PREPARING) == [BuildStatus.PREPARING]
    assert build.revision == 1


@pytest.mark.django_db(transaction=True)
def test_worker_and_canceller_agree_on_the_end(acme):
    build = BuildFactory(source__organization=acme)
    won = race(build, BuildStatus.PREPARING, BuildStatus.CANCELLED)
    # Cancelling is allowed before and after preparing began, so it always gets through.
    assert build.status == BuildStatus.CANCELLED
    assert BuildStatus.CANCELLED in won


def test_running_build_cannot_be_deleted(acme, system):
    with refused("build.still_running"):
        build_delete(system, build=BuildFactory(source__organization=acme, running=True))


def test_deleting_a_build_removes_its_files(
    acme, system, artifacts_folder, django_capture_on_commit_callbacks
):
    artifact = ArtifactFactory(
        build__source__organization=acme,
        file=default_storage.save("x/firmware", ContentFile(b"abc")),
    )
    with django_capture_on_commit_callbacks(execute=True):
        build_delete(system, build=artifact.build)
    assert not Build.objects.exists()
    assert not default_storage.exists(artifact.file)


def test_build_of_a_dead_worker_ends_by_itself(acme):
    old = timezone.now() - dt.timedelta(seconds=31)
    lost = BuildFactory(source__organization=acme, running=True, heartbeat_at=old)
    alive = BuildFactory(source__organization=acme, running=True, heartbeat_at=timezone.now())
    builds_sweep()
    lost.refresh_from_db()
    alive.refresh_from_db()
    assert (lost.status, lost.error_code) == (BuildStatus.ERRORED, "build.platform.worker_lost")
    assert lost.finished_at is not None
    assert alive.status == BuildStatus.BUILDING


def test_forgotten_build_is_sent_again(acme, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append(options["kwargs"]))
    build = BuildFactory(source__organization=acme)
    Build.objects.update(changed_at=timezone.now() - dt.timedelta(seconds=61))
    with django_capture_on_commit_callbacks(execute=True):
        builds_sweep()
        builds_sweep()
    assert sent == [{"build_uid": f"{build.uid}"}]
