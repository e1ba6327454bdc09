"""Sources, builds and artifacts."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from builds.choices import BuildStatus
from builds.models import Artifact, Build, Source
from tests.factories.accounts import OrganizationFactory


class SourceFactory(DjangoModelFactory[Source]):
    """A repository that was never tested."""

    class Meta:
        model = Source

    organization = factory.SubFactory(OrganizationFactory)
    alias = factory.Sequence(lambda n: f"firmware-{n}")
    url = "https://git.example.org/team/firmware.git"


class BuildFactory(DjangoModelFactory[Build]):
    """A queued build; `running=True` and `succeeded=True` are traits."""

    class Meta:
        model = Build

    class Params:
        running = factory.Trait(status=BuildStatus.BUILDING)
        succeeded = factory.Trait(status=BuildStatus.SUCCEEDED, version="1.0.7")

    source = factory.SubFactory(SourceFactory)
    organization = factory.SelfAttribute("source.organization")
    number = factory.Sequence(lambda n: n + 1)


class ArtifactFactory(DjangoModelFactory[Artifact]):
    """The record of a file; the file itself is the test's business."""

    class Meta:
        model = Artifact

    build = factory.SubFactory(BuildFactory, succeeded=True)
    organization = factory.SelfAttribute("build.organization")
    name = "firmware.pyz"
    is_firmware = True
    file = "none"
    size = 3
    md5 = "0" * 32
    sha256 = "0" * 64
    signature = ""
    signing_key_id = ""
