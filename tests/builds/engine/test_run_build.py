"""A whole build, and each way in which it can end badly."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from builds.engine.environment import DeviceFacts
from builds.exceptions import BuildCancelled, BuildPlatformError, BuildUserError
from builds.platforms.python.platform import PythonPlatform
from builds.sandbox import Limits, Step, command
from builds.sandbox.contract import MIB
from tests.support.sshd import make_repository

pytestmark = pytest.mark.toolchain


@pytest.fixture
def repository(git_server, access_to, request):
    """Make a repository with these files and return what opens it."""
    made = []

    def make(files: dict[str, str]):
        name = f"made-{len(made)}-{abs(hash(request.node.name))}.git"
        made.append(name)
        folder = git_server.root / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        make_repository(folder)
        return access_to(name)

    return make


def failure_of(workshop, access, **changes) -> BuildUserError:
    with pytest.raises(BuildUserError) as failure:
        workshop.build(access, **changes)
    assert workshop.leftovers == []
    return failure.value


def test_secrets_of_a_build_are_not_in_its_log(workshop, repository, deploy_key):
    files = {
        "main.py": "x = 'the-api-key-0123456789' 'hush-hush'\nprint(\n",
        "thinx.yml": "python:\ndevsec:\n  pass: hush-hush\n",
    }
    device = DeviceFacts(api_key="the-api-key-0123456789")
    access = repository(
        {**files, "broken.py": "'the-api-key-0123456789 hush-hush variable-value\n"}
    )
    failure_of(
        workshop, access, device=device, variables={"A": "variable-value"},
        secrets=("variable-value",),
    )  # fmt: skip
    assert "the-api-key" not in workshop.text
    assert "hush-hush" not in workshop.text
    assert "variable-value" not in workshop.text
    assert "•••" in workshop.text
    assert deploy_key.splitlines()[2] not in workshop.text


def test_repository_without_a_platform_says_how_to_name_one(workshop, repository):
    error = failure_of(workshop, repository({"README.md": "hi"}))
    assert error.code == "build.user.platform_unknown"
    assert "thinx.yml" in error.message


def test_platform_that_is_not_built_here_is_named(workshop, repository):
    error = failure_of(workshop, repository({"thinx.yml": "mongoose:\n  arch: esp8266\n"}))
    assert error.code == "build.user.platform_unknown"
    assert "mongoose" in error.message
    assert "arduino" in error.message


def test_malformed_thinx_yml_fails_with_the_line(workshop, repository):
    error = failure_of(workshop, repository({"main.py": "", "thinx.yml": "python:\n  entri: x\n"}))
    assert error.code == "build.user.thinx_yml"
    assert "line 2" in error.message


def test_link_out_of_the_repository_refuses_the_build(workshop, git_server, access_to):
    folder = git_server.root / "linked.git"
    folder.mkdir()
    (folder / "main.py").write_text("print()")
    (folder / "thinx.json").symlink_to("/etc/passwd")
    make_repository(folder)
    assert failure_of(workshop, access_to("linked.git")).code == "build.user.symlink"


def test_missing_branch_fails(workshop, access_to):
    error = failure_of(workshop, access_to("python.git"), branch="nope")
    assert error.code == "build.user.no_branch"


def test_build_over_its_time_fails_and_leaves_nothing(workshop, access_to, monkeypatch):
    plan = PythonPlatform.plan
    slow = (Step(("sleep", "60")),)
    monkeypatch.setattr(PythonPlatform, "plan", lambda *given: replace(plan(*given), steps=slow))
    error = failure_of(workshop, access_to("python.git"), limits=Limits(seconds=4))
    assert error.code == "build.user.timeout"
    assert "4 seconds" in error.message


def test_build_over_its_disk_fails(workshop, access_to):
    error = failure_of(workshop, access_to("arduino.git"), limits=Limits(disk=100 * 1024))
    assert error.code == "build.user.disk_full"


def test_source_over_the_disk_fails(workshop, repository):
    access = repository({"main.py": "", "big": "x" * (2 * MIB)})
    error = failure_of(workshop, access, limits=Limits(disk=MIB))
    assert error.code == "build.user.disk_full"


def test_cancel_while_building_ends_the_build(workshop, access_to):
    cancelled = threading.Event()

    def on_stage(stage):
        if stage == "building":
            cancelled.set()

    workshop.stages = type("Stages", (list,), {"append": lambda self, stage: on_stage(stage)})()
    with pytest.raises(BuildCancelled):
        workshop.build(access_to("arduino.git"), cancelled=lambda: "building" in workshop.stages)
    assert workshop.leftovers == []


def test_cancel_before_the_start_does_nothing(workshop, access_to):
    with pytest.raises(BuildCancelled):
        workshop.build(access_to("python.git"), cancelled=lambda: True)
    assert workshop.stages == []


def test_no_sandbox_refuses_the_build(workshop, access_to, monkeypatch):
    monkeypatch.setattr(command, "WORK", "/proc/nowhere")
    with pytest.raises(BuildPlatformError) as refusal:
        workshop.build(access_to("python.git"))
    assert refusal.value.code == "build.platform.no_sandbox"
    assert workshop.leftovers == []


def test_setting_none_builds_in_the_open_and_says_so(workshop, access_to):
    built = workshop.build(access_to("python.git"), sandbox="none")
    assert built.result.platform == "python"
    assert "without a sandbox" in workshop.text


def test_environment_target_of_thinx_yml_is_used(workshop, repository):
    import zipfile

    files = {
        "main.py": "print()",
        "thinx.yml": "python:\nenvironment:\n  target: conf/values.json\n",
    }
    built = workshop.build(repository(files))
    with zipfile.ZipFile(built.firmware) as archive:
        assert "conf/values.json" in archive.namelist()


def test_tags_make_the_version(workshop, access_to, git_server):
    from tests.support.sshd import git

    folder = git_server.root / "versioned.git"
    folder.mkdir()
    (folder / "main.py").write_text("print()")
    make_repository(folder)
    git("tag", "v2.4", cwd=folder)
    built = workshop.build(access_to("versioned.git"), number=7)
    assert built.result.version == "2.4.7"
    assert built.result.firmware == "versioned:2.4.7"
    assert built.result.tags == ("v2.4",)
    assert set(built.result.seconds) == {"preparing", "cloning", "building"}
