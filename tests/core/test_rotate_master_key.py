"""`manage.py rotate_master_key`: online, resumable, and nobody is signed out by it."""

from __future__ import annotations

import contextlib
import json
import stat
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditEvent
from core import rotation
from core.crypto import MasterKeyError, create_keyring, derived_secret_key, keyring_at
from core.rotation import keys_in_use
from keys.models import DeployKey, EnvVar
from keys.services import deploy_key_create, env_var_set

CANARY = "canary-71d4-rotate"


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    """A key of this test's own; the other tests keep theirs."""
    settings.MASTER_KEY_FILE = tmp_path / "master.key"
    create_keyring(settings.MASTER_KEY_FILE)
    return settings.MASTER_KEY_FILE


@pytest.fixture
def stored(acme, system):
    for n in range(5):
        env_var_set(system, organization=acme, name=f"V{n}", value=f"{CANARY}-{n}")
    deploy_key_create(system, organization=acme, alias="k", algorithm="ed25519")
    return acme


def rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_master_key", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def values() -> list[str]:
    return [variable.value.reveal() for variable in EnvVar.objects.order_by("name")]


def all_values(count: int = 5) -> list[str]:
    return [f"{CANARY}-{n}" for n in range(count)]


def test_every_secret_is_sealed_anew_and_still_opens(stored, key_file):
    before = keyring_at(key_file)
    private = DeployKey.objects.get().private_key.reveal()
    said = rotate()
    after = keyring_at(key_file)
    assert after.current != before.current
    assert set(after.keys) == {before.current, after.current}
    assert "keys.EnvVar.value: 5 sealed anew" in said
    assert "keys.DeployKey.private_key: 1 sealed anew" in said
    assert keys_in_use() == {after.current: 6}
    assert values() == all_values()
    assert DeployKey.objects.get().private_key.reveal() == private


def test_rotation_is_audited_without_a_key(stored, key_file):
    rotate()
    event = AuditEvent.objects.get(verb="audit.master_key_rotated")
    assert event.data["key_id"] == keyring_at(key_file).current
    keys = json.loads(key_file.read_text())["keys"].values()
    assert not any(key in f"{event.__dict__}" for key in keys)


def test_file_is_readable_by_its_owner_only_and_nothing_is_left_beside_it(stored, key_file):
    rotate()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert {path.name for path in key_file.parent.iterdir()} == {"master.key", "master.key.lock"}


def test_sessions_and_links_outlive_rotation_and_retirement(stored, key_file):
    signing = derived_secret_key(key_file)
    rotate()
    assert derived_secret_key(key_file) == signing
    rotate("--retire", "--at-once")
    assert derived_secret_key(key_file) == signing


def test_file_of_before_there_was_rotation_keeps_signing_alike(stored, key_file):
    content = json.loads(key_file.read_text())
    old = {"current": content["current"], "keys": content["keys"]}
    key_file.write_text(json.dumps(old))
    signing = derived_secret_key(key_file)
    rotate()
    rotate("--retire", "--at-once")
    assert derived_secret_key(key_file) == signing
    assert values() == all_values()


def test_interrupted_rotation_goes_on_with_the_same_key(stored, key_file, monkeypatch):
    class _Killed(Exception):
        pass

    ring = type(keyring_at(key_file))
    seal, count = ring.seal, iter(range(3))

    def dies(self, *args, **kwargs):
        if next(count, None) is None:
            raise _Killed
        return seal(self, *args, **kwargs)

    with monkeypatch.context() as patched, contextlib.suppress(_Killed):
        patched.setattr(ring, "seal", dies)
        rotate()
    current = keyring_at(key_file).current
    assert keys_in_use()[current] == 3
    assert len(keys_in_use()) == 2
    assert values() == all_values()
    assert "goes on where it was interrupted" in rotate()
    assert keyring_at(key_file).current == current
    assert keys_in_use() == {current: 6}
    assert values() == all_values()


def test_old_key_is_retired_only_when_no_secret_needs_it(stored, key_file):
    old = keyring_at(key_file).current
    current, is_new = rotation.key_rotate(key_file)
    assert is_new
    with pytest.raises(CommandError, match="6 secrets are still sealed"):
        rotate("--retire", "--at-once")
    rotate()
    with pytest.raises(CommandError, match="Retire it in 24 hours"):
        rotate("--retire")
    assert f"Retired: {old}" in rotate("--retire", "--at-once")
    assert set(keyring_at(key_file).keys) == {current}
    assert values() == all_values()
    assert "no old key" in rotate("--retire")


def test_prepared_key_opens_at_once_and_seals_after_the_rotation(stored, key_file):
    current = keyring_at(key_file).current
    rotate("--prepare")
    prepared = keyring_at(key_file).next
    assert prepared
    assert keyring_at(key_file).current == current
    assert "waits: 0 secrets" in rotate("--status")
    rotate("--prepare")
    assert keyring_at(key_file).next == prepared
    rotate()
    assert keyring_at(key_file).current == prepared


def test_secret_that_does_not_open_is_named_and_keeps_its_key(stored, key_file):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE keys_envvar SET value = (SELECT value FROM keys_envvar WHERE name = 'V1')"
            " WHERE name = 'V2'"
        )
    with pytest.raises(CommandError, match="1 of them do not open"):
        rotate()
    with pytest.raises(CommandError, match="still sealed"):
        rotate("--retire", "--at-once")


def test_missing_key_file_says_so(stored, settings, tmp_path):
    settings.MASTER_KEY_FILE = tmp_path / "nowhere" / "master.key"
    with pytest.raises(CommandError):
        rotate()


def test_another_process_notices_the_new_key(key_file):
    """It read the file before the rotation, and opens what was sealed after it."""
    code = (
        "import sys; from pathlib import Path; from core.crypto import keyring_at\n"
        "path = Path(sys.argv[1]); first = keyring_at(path).current\n"
        "print(first, flush=True); sealed = sys.stdin.readline().strip()\n"
        "print(keyring_at(path).open(sealed, row='r'), keyring_at(path).current != first)"
    )
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", code, f"{key_file}"],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline().strip() == keyring_at(key_file).current
        with rotation._locked(key_file) as ring:
            rotation.replace_keyring(key_file, ring.rotated())
        sealed = keyring_at(key_file).seal(CANARY, row="r")
        said, _ = other.communicate(f"{sealed}\n", timeout=30)
    assert said.strip() == f"{CANARY} True"


def test_process_whose_key_file_went_away_goes_on(key_file):
    sealed = keyring_at(key_file).seal(CANARY, row="r")
    key_file.unlink()
    assert keyring_at(key_file).open(sealed, row="r") == CANARY


def test_broken_key_file_is_never_taken(key_file):
    sealed = keyring_at(key_file).seal(CANARY, row="r")
    key_file.write_text("{}")
    assert keyring_at(key_file).open(sealed, row="r") == CANARY
    fresh = key_file.with_name("other.key")
    fresh.write_text("{}")
    with pytest.raises(MasterKeyError, match="cannot be read"):
        keyring_at(fresh)


@pytest.mark.django_db(transaction=True)
def test_secrets_written_during_the_rotation_are_neither_lost_nor_left_behind(
    acme, system, key_file
):
    for n in range(20):
        env_var_set(system, organization=acme, name=f"V{n}", value="start")
    done = threading.Event()
    written: dict[str, str] = {}

    def write() -> None:
        try:
            turn = 0
            while not done.is_set():
                turn += 1
                name = f"V{turn % 20}"
                env_var_set(system, organization=acme, name=name, value=f"turn {turn}")
                written[name] = f"turn {turn}"
                # SQLite has no queue: a writer without any pause keeps all others out.
                done.wait(0.005)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rotate()
    finally:
        done.set()
        writer.join()
    rotate()
    current = keyring_at(key_file).current
    assert set(keys_in_use()) == {current}
    for variable in EnvVar.objects.all():
        assert variable.value.reveal() == written.get(variable.name, "start")
