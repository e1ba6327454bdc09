"""Artifacts: the list, and the download with its hashes."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory

DATA = b"\x00firmware\xff" * 100


@pytest.fixture
def artifact(acme, artifacts_folder):
    build = BuildFactory(source=SourceFactory(organization=acme, alias="firmware"), succeeded=True)
    return ArtifactFactory(
        build=build,
        file=default_storage.save("a/firmware.bin", ContentFile(DATA)),
        size=len(DATA),
        md5=hashlib.md5(DATA).hexdigest(),
        sha256=hashlib.sha256(DATA).hexdigest(),
    )


def test_viewer_downloads_artifact_gets_every_byte_and_its_hashes(signed_in, vera, artifact):
    answer = signed_in(vera).get(artifact.get_absolute_url())
    assert answer.getvalue() == DATA
    assert answer["Content-Length"] == f"{len(DATA)}"
    assert answer["X-MD5"] == artifact.md5
    assert answer["X-SHA256"] == artifact.sha256
    assert answer["Content-Disposition"] == 'attachment; filename="firmware.pyz"'
    assert answer["Content-Type"] == "application/octet-stream"


def test_download_is_recorded_with_its_hash(signed_in, vera, artifact):
    signed_in(vera).get(artifact.get_absolute_url()).getvalue()
    event = AuditEvent.objects.get(verb="builds.artifact_downloaded")
    assert event.actor == "vera@example.org"
    assert event.data["sha256"] == artifact.sha256


def test_outsider_downloads_artifact_is_404(signed_in, mallory, artifact):
    assert signed_in(mallory).get(artifact.get_absolute_url()).status_code == 404
    assert not AuditEvent.objects.filter(verb="builds.artifact_downloaded").exists()


def test_stranger_downloads_artifact_is_sent_to_sign_in(client, artifact):
    assert client.get(artifact.get_absolute_url()).status_code == 302


def test_artifact_whose_file_is_gone_says_so(signed_in, vera, artifact):
    default_storage.delete(artifact.file)
    answer = signed_in(vera).get(artifact.get_absolute_url())
    assert answer.status_code == 410
    assert "no longer in the store" in answer.text


def test_list_shows_artifacts_of_the_organization_only(signed_in, vera, mallory, artifact):
    assert "firmware.pyz" in signed_in(vera).get("/artifacts/").text
    assert "firmware.pyz" not in signed_in(mallory).get("/artifacts/").text


def test_list_with_ten_rows_asks_as_often_as_with_one(
    signed_in, vera, artifact, django_assert_num_queries
):
    client = signed_in(vera)
    with CaptureQueriesContext(connection) as one:
        client.get("/artifacts/")
    for number in range(9):
        ArtifactFactory(build=artifact.build, name=f"part-{number}.bin")
    with django_assert_num_queries(len(one)):
        client.get("/artifacts/")


def test_list_filters_by_build_and_kind(signed_in, vera, artifact):
    ArtifactFactory(build=artifact.build, name="firmware.map", is_firmware=False)
    client = signed_in(vera)
    page = client.get(f"/artifacts/?is_firmware=true&build={artifact.build.uid}")
    assert [row.record.name for row in page.context["table"].rows] == ["firmware.pyz"]
    assert "Build: firmware" in page.context["chips"][0]["label"]


def test_stranger_opens_list_is_sent_to_sign_in(client, db):
    assert client.get("/artifacts/").status_code == 302
