"""A worker runs a build: real git over ssh, real sandbox, real firmware."""

from __future__ import annotations

import subprocess
import threading
import time

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection

from audit.models import AuditEvent
from builds.choices import BuildStatus
from builds.engine import signing
from builds.models import Artifact, Build, BuildLogLine
from builds.offers import manifest_of
from builds.services import build_cancel, build_run, build_start, current_signing_key
from keys.services import env_var_set
from tests.support.sshd import git

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.toolchain,
    pytest.mark.usefixtures("artifacts_folder"),
]


def log_of(build: Build) -> str:
    return "\n".join(BuildLogLine.objects.filter(build=build).values_list("text", flat=True))


def run(build: Build) -> Build:
    build_run(f"{build.uid}")
    build.refresh_from_db()
    return build


def test_build_makes_firmware_that_says_the_variable(acme, system, device, tmp_path):
    env_var_set(system, organization=acme, name="GREETING", value="Good evening")
    build = run(build_start(system, device=device))
    assert (build.status, build.error_message) == (BuildStatus.SUCCEEDED, "")
    assert build.platform == "python"
    assert build.version == "1.0.1"
    assert build.firmware == "python:1.0.1"
    artifact = Artifact.objects.get(build=build, is_firmware=True)
    firmware = tmp_path / artifact.name
    firmware.write_bytes(default_storage.open(artifact.file).read())
    said = subprocess.run(
        ["/usr/bin/python3", str(firmware)], capture_output=True, text=True, check=True
    ).stdout
    assert said == "Good evening from python:1.0.1\n"


def test_artifact_is_signed_by_the_installation(system, acme, device):
    env_var_set(system, organization=acme, name="GREETING", value="x")
    build = run(build_start(system, device=device))
    artifact = Artifact.objects.select_related("build").get(build=build, is_firmware=True)
    key = current_signing_key()
    manifest = manifest_of(artifact, device)
    assert signing.verify(key.public_key, manifest, artifact.signature)
    assert not signing.verify(key.public_key, {**manifest, "udid": "other"}, artifact.signature)


def test_secret_variable_is_redacted_from_the_log(acme, system, device, git_server):
    env_var_set(system, organization=acme, name="GREETING", value="hunter2-canary", is_secret=True)
    build = run(build_start(system, device=device))
    assert build.status == BuildStatus.SUCCEEDED
    assert "hunter2-canary" not in log_of(build)


def test_every_line_of_the_log_has_its_number(system, acme, device):
    env_var_set(system, organization=acme, name="GREETING", value="x")
    build = run(build_start(system, device=device))
    seqs = list(BuildLogLine.objects.filter(build=build).values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert build.log_lines == len(seqs) > 3


def test_stages_and_audit_tell_the_story(system, acme, device):
    env_var_set(system, organization=acme, name="GREETING", value="x")
    build = run(build_start(system, device=device))
    # PostgreSQL keeps the keys of a JSON object in an order of its own.
    told = sorted(build.stages, key=lambda stage: build.stages[stage]["started"])
    assert told == ["preparing", "cloning", "building", "publishing"]
    assert all("seconds" in stage for stage in build.stages.values())
    verbs = list(AuditEvent.objects.filter(target_uid=build.uid).values_list("verb", flat=True))
    assert set(verbs) == {
        "builds.build_started",
        "builds.secrets_revealed",
        "builds.build_finished",
    }


def test_delivering_the_task_twice_builds_once(system, acme, device):
    env_var_set(system, organization=acme, name="GREETING", value="x")
    build = run(build_start(system, device=device))
    revision = build.revision
    assert run(build).revision == revision


def test_compile_error_is_the_users_fault(system, device, git_server):
    folder = git_server.root / "python"
    (folder / "main.py").write_text("def broken(:\n")
    git("commit", "-qam", "Break it", cwd=folder)
    try:
        build = run(build_start(system, device=device))
    finally:
        git("reset", "-q", "--hard", "HEAD~1", cwd=folder)
    assert build.status == BuildStatus.FAILED
    assert build.error_code == "build.user.compile_failed"
    assert "main.py" in log_of(build)
    assert "invalid syntax" in log_of(build)


def test_unreachable_repository_is_the_users_fault(system, device, git_server):
    device.source.url = git_server.url("nothing-here")
    device.source.save()
    build = run(build_start(system, device=device))
    assert build.status == BuildStatus.FAILED
    assert build.error_code.startswith("build.user.")


def test_cancelled_build_stops_within_two_seconds(system, device, git_server):
    folder = git_server.root / "python"
    (folder / "main.py").write_text("x = 1\n")
    build = build_start(system, device=device)
    entered = threading.Event()

    def work():
        entered.set()
        build_run(f"{build.uid}")
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    entered.wait()
    while Build.objects.get(pk=build.pk).status == BuildStatus.QUEUED:
        time.sleep(0.01)
    build_cancel(system, build=build)
    started = time.monotonic()
    worker.join(timeout=60)
    assert time.monotonic() - started < 30
    git("checkout", "-q", "--", ".", cwd=folder)
    build.refresh_from_db()
    assert build.status == BuildStatus.CANCELLED
    assert not Artifact.objects.filter(build=build).exists()


def test_store_that_takes_nothing_errors_the_build_and_leaves_no_half(
    acme, system, device, monkeypatch
):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", refuse)
    build = run(build_start(system, device=device))
    assert (build.status, build.error_code) == (BuildStatus.ERRORED, "build.platform.storage")
    assert "No space left" in build.error_message
    assert not Artifact.objects.filter(build=build).exists()
