"""The register of secrets: complete, true, and what it says of sealed columns is so."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import connection, models

from core import checks, secret_fields
from core.crypto import MasterKeyError
from core.fields import EncryptedTextField, Sealed, keyring
from core.secret_fields import (
    REGISTER,
    Protection,
    is_secret,
    sealed_fields,
    sounds_secret,
    suspects,
)

CANARY = "canary-0b5e-sealed"
SEALED = [pytest.param(m, f, id=f"{m._meta.label}.{f.name}") for m, f in sealed_fields()]


def test_every_field_that_sounds_secret_is_registered(db):
    assert [error for error in run_checks() if error.id in {"core.E003", "core.E004"}] == []


def test_every_line_gives_a_reason():
    assert all(line.what for line in REGISTER.values())


def test_scan_looks_at_the_models_of_libraries_too():
    scanned = {label.split(".")[0] for label, _ in suspects()}
    assert {"sessions", "django_otp_webauthn", "keys", "builds", "accounts"} <= scanned


SUSPICIOUS = [
    *("key", "api_key", "secret", "client_secret", "token", "access_tokens", "password", "seed"),
    *("pin", "code", "otp", "private_key", "credential", "digest", "backup_codes", "nonce"),
]


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_name_sounds_secret(name):
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["alias", "keyboard", "decoded", "spinning", "name"])
def test_name_sounds_harmless(name):
    assert not sounds_secret(name)


def test_unregistered_secret_is_an_error(monkeypatch):
    monkeypatch.delitem(REGISTER, "keys.ApiKey.digest")
    (error,) = checks.every_secret_is_registered()
    assert (error.id, "keys.ApiKey.digest" in error.msg) == ("core.E003", True)


def test_line_without_its_field_is_an_error(monkeypatch):
    monkeypatch.setitem(REGISTER, "keys.ApiKey.gone", REGISTER["keys.ApiKey.digest"])
    assert [error.id for error in checks.every_secret_is_registered()] == ["core.E004"]


def test_line_that_claims_to_be_sealed_and_is_not_is_an_error(monkeypatch):
    monkeypatch.setitem(REGISTER, "keys.ApiKey.prefix", REGISTER["keys.EnvVar.value"])
    assert [error.id for error in checks.every_secret_is_registered()] == ["core.E004"]


def test_field_nobody_registered_is_masked():
    assert is_secret(apps.get_model("sessions", "Session"), "no_such_token")
    assert is_secret(apps.get_model("keys", "EnvVar"), "value")
    assert not is_secret(apps.get_model("keys", "DeployKey"), "public_key")
    assert not is_secret(apps.get_model("builds", "Source"), "deploy_key")


def test_tables_that_are_never_written_are_not(settings):
    """What the register calls never written rests on this setting."""
    assert not getattr(settings, "SOCIALACCOUNT_STORE_TOKENS", False)


def sealed_instance(model, field: EncryptedTextField, value: str):
    """A row that was never saved, sealed as saving would seal it."""
    instance = model(uid=uuid.uuid4())
    setattr(instance, field.attname, value)
    field.pre_save(instance, add=True)
    return instance


@pytest.mark.parametrize(("model", "field"), SEALED)
def test_ciphertext_opens_in_its_own_row_and_column(model, field):
    one = sealed_instance(model, field, CANARY)
    sealed = getattr(one, field.attname)
    assert isinstance(sealed, Sealed)
    assert CANARY not in sealed.ciphertext
    assert sealed.reveal() == CANARY
    assert f"{sealed}" == f"{sealed!r}" == "••••••••"


@pytest.mark.parametrize(("model", "field"), SEALED)
def test_ciphertext_moved_to_another_row_does_not_open(model, field):
    one, other = sealed_instance(model, field, CANARY), sealed_instance(model, field, "x")
    other.__dict__[field.attname] = one.__dict__[field.attname]
    with pytest.raises(MasterKeyError):
        getattr(other, field.attname).reveal()


@pytest.mark.parametrize(("model", "field"), SEALED)
def test_ciphertext_moved_to_another_column_does_not_open(model, field):
    one = sealed_instance(model, field, CANARY)
    for other_model, other in sealed_fields():
        if other is field:
            continue
        with pytest.raises(MasterKeyError):
            keyring().open(one.__dict__[field.attname], row=other.row_named(one.uid))
        assert other_model is not model or other.attname != field.attname


@pytest.mark.parametrize(("model", "field"), SEALED)
def test_sealed_column_is_bound_to_a_uid_that_never_changes(model, field):
    uid = model._meta.get_field("uid")
    assert isinstance(uid, models.UUIDField)
    assert uid.unique
    assert not uid.editable


def test_digest_columns_hold_digests_only(db):
    """Widths that fit a SHA-256 in hex, and nothing longer."""
    for label, line in REGISTER.items():
        if line.protection == Protection.DIGEST:
            model, name = label.rsplit(".", 1)
            assert apps.get_model(model)._meta.get_field(name).max_length == 64, label


def test_plain_text_never_reaches_the_table(acme, system):
    from keys.services import env_var_set

    variable = env_var_set(system, organization=acme, name="A", value=CANARY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM keys_envvar WHERE id = %s", [variable.pk])
        assert CANARY not in cursor.fetchone()[0]
    assert secret_fields.is_secret(type(variable), "value")
