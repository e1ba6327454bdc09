"""Secrets at rest: what opens, what does not, and what never shows."""

from __future__ import annotations

import stat

import pytest
from django.db import connection

from core.crypto import MasterKeyError, create_keyring, load_keyring
from keys.models import DeployKey, EnvVar
from keys.services import deploy_key_create, env_var_set

CANARY = "canary-9f3b7c-do-not-show"


@pytest.fixture
def keyring(tmp_path):
    return create_keyring(tmp_path / "master.key")


def test_key_file_is_readable_by_its_owner_only(tmp_path):
    create_keyring(tmp_path / "master.key")
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_existing_key_file_is_never_replaced(tmp_path, keyring):
    with pytest.raises(FileExistsError):
        create_keyring(tmp_path / "master.key")
    assert load_keyring(tmp_path / "master.key") == keyring


def test_missing_key_file_says_what_to_do(tmp_path):
    with pytest.raises(MasterKeyError, match="Put the file back"):
        load_keyring(tmp_path / "absent.key")


def test_sealed_text_opens_for_its_row_only(keyring):
    sealed = keyring.seal("secret", row="keys.envvar.value:1")
    assert keyring.open(sealed, row="keys.envvar.value:1") == "secret"
    with pytest.raises(MasterKeyError):
        keyring.open(sealed, row="keys.envvar.value:2")


def test_changed_ciphertext_does_not_open(keyring):
    sealed = keyring.seal("secret", row="r")
    flipped = sealed[:-4] + ("A" if sealed[-4] != "A" else "B") + sealed[-3:]
    with pytest.raises(MasterKeyError):
        keyring.open(flipped, row="r")


def test_stored_secret_reads_as_dots_and_reveals_on_request(acme, system):
    env_var_set(system, organization=acme, name="WIFI", value=CANARY, is_secret=True)
    stored = EnvVar.objects.get(name="WIFI").value
    assert str(stored) == repr(stored) == "••••••••"
    assert stored.reveal() == CANARY


def test_database_never_holds_the_plain_secret(acme, system):
    variable = env_var_set(system, organization=acme, name="WIFI", value=CANARY, is_secret=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM keys_envvar WHERE id = %s", [variable.pk])
        assert CANARY not in cursor.fetchone()[0]


def test_secret_copied_to_another_row_does_not_open(acme, system):
    first = env_var_set(system, organization=acme, name="ONE", value=CANARY, is_secret=True)
    second = env_var_set(system, organization=acme, name="TWO", value="x", is_secret=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE keys_envvar SET value = (SELECT value FROM keys_envvar WHERE id = %s)"
            " WHERE id = %s",
            [first.pk, second.pk],
        )
    with pytest.raises(MasterKeyError):
        EnvVar.objects.get(pk=second.pk).value.reveal()


def test_update_with_plain_text_is_refused(acme, system):
    env_var_set(system, organization=acme, name="ONE", value="x")
    with pytest.raises(TypeError, match="encrypted"):
        EnvVar.objects.filter(name="ONE").update(value=CANARY)


def test_saving_an_unchanged_row_keeps_its_secret(acme, system):
    key = deploy_key_create(system, organization=acme, alias="k", algorithm="ed25519")
    private = DeployKey.objects.get(pk=key.pk).private_key.reveal()
    again = DeployKey.objects.get(pk=key.pk)
    again.alias = "renamed"
    again.save()
    assert DeployKey.objects.get(pk=key.pk).private_key.reveal() == private
