"""A caller of the API, and one of each resource in Acme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organization
from builds.choices import BuildStatus
from builds.models import BuildLogLine
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

ROOT = "/api/v1/"


class Api:
    """Speaks JSON to the API as one caller."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client = client
        self.headers = headers

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        call = getattr(self.client, method)
        sent = {"headers": {**self.headers, **headers}}
        if data is not None:
            sent |= {"data": data, "content_type": "application/json"}
        return call(path if path.startswith("/") else ROOT + path, **sent)

    def get(self, path: str, **query: Any) -> Any:
        url = path if path.startswith("/") else ROOT + path
        return self.client.get(url, data=query, headers=self.headers)

    def post(self, path: str, data: Any = None) -> Any:
        return self.send("post", path, {} if data is None else data)

    def patch(self, path: str, data: Any) -> Any:
        return self.send("patch", path, data)

    def put(self, path: str, data: Any) -> Any:
        return self.send("put", path, data)

    def delete(self, path: str) -> Any:
        return self.send("delete", path)


@pytest.fixture
def api_as(signed_in):
    """Return the API as the person given uses it from a browser session."""
    return lambda user: Api(signed_in(user))


@pytest.fixture
def api_with_key(client):
    """Return the API as a script with this key uses it."""
    return lambda key: Api(client, **{"X-API-Key": key})


@pytest.fixture
def automation_key(acme, alice):
    """Alice's key for scripts, in Acme."""
    return make_api_key(acme, user=alice, kind=ApiKeyKind.AUTOMATION, alias="CI")


@dataclass
class World:
    """One of each resource, all in Acme."""

    organization: Organization
    device: Any
    source: Any
    build: Any
    artifact: Any
    api_key: ApiKey
    deploy_key: DeployKey
    env_var: EnvVar

    def path(self, resource: str) -> str:
        """Return the address of the one object of a resource."""
        named = {
            "devices": self.device,
            "sources": self.source,
            "builds": self.build,
            "artifacts": self.artifact,
            "api-keys": self.api_key,
            "deploy-keys": self.deploy_key,
            "env-vars": self.env_var,
            "organizations": self.organization,
        }
        return f"{resource}/{named[resource].uid}/"


@pytest.fixture
def world(acme, alice) -> World:
    actor = Actor.for_user(alice)
    source = SourceFactory(organization=acme)
    device = DeviceFactory(organization=acme, source=source)
    build = BuildFactory(source=source, device=device, created_by=alice)
    finished = BuildFactory(source=source, device=device, status=BuildStatus.SUCCEEDED)
    BuildLogLine.objects.bulk_create(
        BuildLogLine(build=build, seq=n, at=timezone.now(), stream="out", text=f"line {n}")
        for n in range(1, 6)
    )
    return World(
        organization=acme,
        device=device,
        source=source,
        build=build,
        artifact=ArtifactFactory(build=finished),
        api_key=make_api_key(acme, user=alice)[0],
        deploy_key=deploy_key_create(
            actor, organization=acme, alias="Greenhouse", algorithm="ed25519"
        ),
        env_var=env_var_set(
            actor, organization=acme, name="WIFI_PASS", value="hunter2", is_secret=True
        ),
    )
