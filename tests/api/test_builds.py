"""Builds, their logs and artifacts over REST."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.models import Artifact, Build
from tests.factories.builds import SourceFactory


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


@pytest.fixture
def idle(world):
    """The device of Acme with no build under way."""
    Build.objects.filter(pk=world.build.pk).update(status=BuildStatus.SUCCEEDED)
    return world.device


def test_operator_starts_a_build_of_the_devices_source(api_as, olga, world, idle):
    answer = api_as(olga).post("builds/", {"device": f"{idle.uid}"})
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["status"], shown["source"]) == ("queued", f"{world.source.uid}")
    assert shown["created_by"] == olga.email
    assert answer.headers["Location"] == shown["href"]


def test_second_build_of_a_device_is_a_conflict(api, world):
    answer = api.post("builds/", {"device": f"{world.device.uid}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "build.already_running")


def test_build_from_a_source_of_another_organization_is_refused(api, world, idle):
    answer = api.post("builds/", {"device": f"{idle.uid}", "source": f"{SourceFactory().uid}"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["source"])


def test_build_without_a_device_names_the_field(api, world):
    answer = api.post("builds/", {})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["device"])


def test_cancel_ends_the_build_and_a_second_one_is_a_conflict(api, world):
    path = f"{world.path('builds')}cancel/"
    assert api.post(path).json()["status"] == "cancelled"
    answer = api.post(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "build.not_cancellable")


def test_get_does_not_cancel(api, world):
    assert api.get(f"{world.path('builds')}cancel/").status_code == 405
    world.build.refresh_from_db()
    assert world.build.status == BuildStatus.QUEUED


def test_log_resumes_after_the_last_line(api, world):
    path = f"{world.path('builds')}log/"
    first = api.get(path, limit=3).json()
    assert [line["text"] for line in first["lines"]] == ["line 1", "line 2", "line 3"]
    assert (first["last"], first["is_final"], first["status"]) == (3, False, "queued")
    rest = api.get(path, after=first["last"]).json()
    assert [line["seq"] for line in rest["lines"]] == [4, 5]
    end = api.get(path, after=rest["last"]).json()
    assert (end["lines"], end["last"]) == ([], 5)


def test_running_build_cannot_be_deleted(api, world):
    answer = api.delete(world.path("builds"))
    assert (answer.status_code, answer.json()["code"]) == (409, "build.still_running")


def test_artifact_downloads_as_it_is_with_its_hashes(api, world, vera, api_as):
    name = default_storage.save("api-test/firmware.pyz", ContentFile(b"abc"))
    Artifact.objects.filter(pk=world.artifact.pk).update(file=name)
    shown = api_as(vera).get(world.path("artifacts")).json()
    answer = api_as(vera).get(shown["download"].removeprefix("http://testserver"))
    assert b"".join(answer.streaming_content) == b"abc"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == "3"
    assert answer.headers["x-SHA256"] == shown["sha256"]
    assert AuditEvent.objects.filter(verb="builds.artifact_downloaded").count() == 1
    assert 'filename="firmware.pyz"' in answer.headers["Content-Disposition"]


def test_outsider_downloads_nothing(api_as, mallory, world):
    assert api_as(mallory).get(f"{world.path('artifacts')}download/").status_code == 404


def test_artifact_whose_file_is_gone_is_410(api, world):
    Artifact.objects.filter(pk=world.artifact.pk).update(file="gone/firmware.pyz")
    answer = api.get(f"{world.path('artifacts')}download/")
    assert (answer.status_code, answer.json()["code"]) == (410, "artifact.missing")


def test_artifacts_are_found_by_build(api, world):
    assert api.get("artifacts/", build=f"{world.artifact.build.uid}").json()["count"] == 1
    assert api.get("artifacts/", build=f"{world.build.uid}").json()["count"] == 0
