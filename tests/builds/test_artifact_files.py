"""The file of an artifact goes with its row, whatever deletes that."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from builds.choices import BuildStatus
from builds.models import Artifact
from builds.services import build_delete, source_delete
from devices.services import device_delete
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("artifacts_folder")]


@pytest.fixture
def build(acme):
    source = SourceFactory(organization=acme)
    build = BuildFactory(
        organization=acme,
        source=source,
        device=DeviceFactory(organization=acme, source=source),
        status=BuildStatus.SUCCEEDED,
    )
    for name in ("firmware.hex", "firmware.elf"):
        file = default_storage.save(f"{acme.uid}/{build.uid}/{name}", ContentFile(b"firmware"))
        Artifact.objects.create(
            organization=acme, build=build, name=name, file=file, size=8, md5="0" * 32,
            sha256="0" * 64, signature="", signing_key_id="",
        )  # fmt: skip
    return build


@pytest.mark.parametrize(
    "delete",
    [
        lambda actor, build: device_delete(actor, device=build.device),
        lambda actor, build: source_delete(actor, source=build.source),
        lambda actor, build: build_delete(actor, build=build),
        lambda actor, build: build.organization.delete(),
    ],
    ids=["device", "source", "build", "organization"],
)
def test_deleting_removes_the_files_after_the_commit(
    build, act, olga, delete, django_capture_on_commit_callbacks
):
    files = [artifact.file for artifact in build.artifacts.all()]
    folder = files[0].rpartition("/")[0]
    with django_capture_on_commit_callbacks(execute=True):
        delete(act(olga), build)
        assert all(default_storage.exists(file) for file in files)
    assert not any(default_storage.exists(file) for file in files)
    assert not default_storage.exists(folder)
