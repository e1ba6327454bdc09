"""A device that calls, and firmware in the store for it."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from builds.choices import BuildStatus
from builds.engine import signing
from builds.models import SigningKey
from builds.offers import manifest_of
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key


@pytest.fixture
def key(acme):
    """The text of a device key of Acme."""
    return make_api_key(acme)[1]


@pytest.fixture
def foreign_key(umbrella):
    return make_api_key(umbrella)[1]


@pytest.fixture
def probe(acme):
    """A known device of Acme."""
    return DeviceFactory(organization=acme, alias="probe", mac="5C:CF:7F:01:23:45")


@pytest.fixture
def anon_client():
    return Client()


@pytest.fixture
def register(acme, key):
    """Send a registration as Acme; return the answer and what it says."""

    def send(*, header=key, body=None, **fields):
        sent = {"owner": acme.owner_id, "mac": "5CCF7F012345", **fields}
        content = json.dumps({"registration": sent}) if body is None else body
        headers = {"Authentication": header} if header is not None else {}
        response = Client().post(
            "/device/register", content, content_type="application/json", headers=headers
        )
        return response, json.loads(response.content)

    return send


@pytest.fixture
def checked_in(register):
    """Send a registration that must be answered; return the registration inside."""

    def send(**fields):
        response, said = register(**fields)
        assert response.status_code == 200
        assert len(response.content) < 500
        assert response.content.startswith(b'{"registration":{')
        assert response.content.endswith(b"}}")
        assert int(response["Content-Length"]) == len(response.content)
        return said["registration"]

    return send


def zipapp(source):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__main__.py", source)
    return packed.getvalue()


@pytest.fixture
def signing_key(db):
    pair = signing.generate()
    return SigningKey.objects.create(
        key_id=pair.key_id,
        uid="7a3d2f10-0000-41ee-8000-5ccf7f012345",
        public_key=pair.public_key,
        private_key=pair.private_key,
    )


@pytest.fixture
def publish(signing_key):
    """Store a signed artifact of a build that succeeded for a device."""
    names = []

    def store(device, version="1.0.7", content=None, source=None, **build):
        content = content or zipapp(source or f"print('hello {version}')")
        made = BuildFactory(
            source=SourceFactory(organization=device.organization),
            device=device,
            status=BuildStatus.SUCCEEDED,
            version=version,
            firmware=f"example:{version}",
            platform="python",
            commit="c" * 40,
            env_hash="e" * 64,
            **build,
        )
        sha256 = hashlib.sha256(content).hexdigest()
        name = default_storage.save(f"test/{sha256}/firmware.pyz", ContentFile(content))
        names.append(name)
        artifact = ArtifactFactory(
            build=made,
            file=name,
            size=len(content),
            md5=hashlib.md5(content).hexdigest(),
            sha256=sha256,
            signing_key_id=signing_key.key_id,
        )
        manifest = manifest_of(artifact, device)
        artifact.signature = signing.sign(signing_key.private_key.reveal(), manifest)
        artifact.save()
        artifact.content = content
        return artifact

    yield store
    for name in names:
        default_storage.delete(name)


def check_signature(response):
    """Verify what a device verifies."""
    raw = base64.b64decode(response["x-THiNX-Manifest"])
    assert signing.verify(
        response["x-THiNX-Public-Key"], json.loads(raw), response["x-THiNX-Signature"]
    )
    return json.loads(raw)
