"""A private git server, and a source on it that is ready to build."""

from __future__ import annotations

from pathlib import Path

import pytest

from builds.models import Source
from builds.services import source_create, source_test
from keys.models import DeployKey
from keys.services import deploy_key_create
from tests.factories.devices import DeviceFactory
from tests.support.sshd import running_git_server

REPOSITORIES = Path(__file__).parent.parent / "fixtures" / "repos"


@pytest.fixture(scope="session")
def git_server():
    with running_git_server() as server:
        for platform in ("python", "micropython", "arduino"):
            server.add(platform, REPOSITORIES / platform)
        yield server


@pytest.fixture
def artifacts_folder(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "artifacts"},
        },
    }
    return tmp_path / "artifacts"


@pytest.fixture
def deploy_key(acme, system, git_server) -> DeployKey:
    key = deploy_key_create(system, organization=acme, alias="deploy", algorithm="ed25519")
    git_server.authorize(key.public_key)
    return key


@pytest.fixture
def python_source(acme, system, git_server, deploy_key) -> Source:
    source = source_create(
        system,
        organization=acme,
        alias="greeter",
        url=git_server.url("python"),
        deploy_key=deploy_key,
    )
    return source_test(system, source=source)


@pytest.fixture
def device(acme, python_source):
    return DeviceFactory(organization=acme, source=python_source, alias="kitchen")
