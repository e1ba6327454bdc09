"""Each list costs the same number of queries for one row and for ten."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from keys.services import deploy_key_create, env_var_set
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

# Session, person, roles, organizations, grants, count, rows; the meshes of devices with their
# grants.
BUDGET = 9


def add(resource, acme, user, n):
    actor = Actor.for_user(user)
    if resource == "devices":
        source = SourceFactory(organization=acme)
        device = DeviceFactory(organization=acme, source=source)
        build = BuildFactory(source=source, device=device)
        state = device.state
        state.installed_build = state.offered_build = build
        state.save()
    elif resource == "sources":
        key = deploy_key_create(actor, organization=acme, alias=f"k{n}", algorithm="ed25519")
        SourceFactory(organization=acme, deploy_key=key)
    elif resource in ("builds", "artifacts"):
        source = SourceFactory(organization=acme)
        device = DeviceFactory(organization=acme)
        build = BuildFactory(source=source, device=device, created_by=user)
        ArtifactFactory(build=build)
    elif resource == "api-keys":
        make_api_key(acme, user=user, device=DeviceFactory(organization=acme))
    elif resource == "deploy-keys":
        deploy_key_create(actor, organization=acme, alias=f"k{n}", algorithm="ed25519")
    elif resource in ("env-vars", "audit-events"):
        level = DeviceFactory(organization=acme)
        env_var_set(actor, organization=acme, name=f"A{n}", value="x", device=level)
    elif resource == "organizations":
        join(user, OrganizationFactory())


@pytest.mark.parametrize(
    "resource",
    [
        "devices",
        "sources",
        "builds",
        "artifacts",
        "api-keys",
        "deploy-keys",
        "env-vars",
        "audit-events",
        "organizations",
    ],
)
def test_list_costs_the_same_for_one_row_and_for_ten(api_as, acme, alice, resource):
    api = api_as(alice)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get(f"{resource}/").status_code == 200
        return len(queries), [q["sql"] for q in queries]

    add(resource, acme, alice, 0)
    one, _ = cost()
    for n in range(1, 10):
        add(resource, acme, alice, n)
    ten, sql = cost()
    assert (one, ten) == (one, one), "\n".join(sql)
    assert ten <= BUDGET, "\n".join(sql)
