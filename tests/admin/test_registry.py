"""Every table, held against the rule: what is there, and that no secret ever shows."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from accounts.models import Invitation, SmsDevice
from builds.models import SigningKey
from core.checks import OUR_APPS
from core.secret_fields import concrete_fields, is_secret
from keys.services import deploy_key_create, env_var_set
from tests.factories.builds import ArtifactFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

CANARY = "canary-in-the-coal-mine"
TABLES = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)


def ids(value):
    return value._meta.label if hasattr(value, "_meta") else ""


def test_every_model_of_ours_is_there():
    ours = {model for model in apps.get_models() if model._meta.app_label in OUR_APPS}
    assert ours <= set(admin.site._registry)


@pytest.mark.parametrize(("model", "table"), TABLES, ids=ids)
def test_no_table_names_a_secret(model, table, rf, act, ruth):
    request = rf.get("/")
    request.actor = act(ruth, verified=True)
    shown = {
        *table.get_fields(request),
        *table.get_list_display(request),
        *table.search_fields,
        *table.list_filter,
        *table.editable,
    }
    assert not {name for name in shown if is_secret(model, f"{name}".split("__", 1)[0])}
    assert not table.actions


@pytest.mark.parametrize(("model", "table"), TABLES, ids=ids)
def test_every_list_opens(model, table, staff):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert staff.get(address).status_code == 200
    assert staff.post(address).status_code == 405


@pytest.fixture
def objects(acme, system, alice):
    """One row of most models, with a canary wherever a secret lies."""
    device = DeviceFactory(organization=acme)
    source = SourceFactory(organization=acme, access_token=CANARY)
    build = ArtifactFactory(build__source=source, build__device=device)
    key, text = make_api_key(acme, user=alice)
    variable = env_var_set(system, organization=acme, name="A", value=CANARY)
    deploy = deploy_key_create(system, organization=acme, alias="k", algorithm="ed25519")
    signing = SigningKey.objects.create(
        uid=uuid.uuid4(), key_id="k1", public_key="p", private_key=CANARY
    )
    phone = SmsDevice.objects.create(user=alice, name="p", phone="+420", digest="d" * 64)
    return [
        alice, acme, device, source, build, build.build, key, variable, deploy, signing, phone,
    ], [CANARY, text, key.digest, alice.password, "d" * 64]  # fmt: skip


def test_no_page_shows_a_secret(staff, objects):
    rows, secrets = objects
    for row in rows:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for address in (
            reverse(f"{name}_changelist"),
            reverse(f"{name}_change", kwargs={"uid": row.uid}),
        ):
            answer = staff.get(address)
            assert answer.status_code == 200, address
            for secret in secrets:
                assert secret not in answer.text, (address, secret[:8])


@pytest.mark.parametrize("lookup", ["password__startswith=m", "second_factor_at__isnull=1"])
def test_secrets_cannot_be_guessed_by_the_query_string(staff, lookup):
    answer = staff.get(f"/admin/accounts/user/?{lookup}")
    assert answer.status_code in {302, 400}
    if answer.status_code == 302:
        assert answer.headers["Location"].endswith("?e=1")


def test_register_of_secrets_knows_every_table():
    assert any(label == "accounts.User.password" for label, _ in concrete_fields())
    assert is_secret(Invitation, "digest")
