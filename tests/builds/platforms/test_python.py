"""Python firmware: built in the sandbox, run by the system's Python."""

from __future__ import annotations

import zipfile

import pytest

from builds.exceptions import BuildUserError
from tests.support.builds import run_zipapp
from tests.support.sshd import make_repository

pytestmark = pytest.mark.toolchain


def test_built_program_says_the_injected_value(workshop, access_to):
    built = workshop.build(access_to("python.git"))
    assert built.result.platform == "python"
    assert run_zipapp(built.firmware) == "Good morning from python:1.0.3\n"
    assert built.stages == ["preparing", "cloning", "building"]
    assert workshop.leftovers == []


def test_same_commit_and_environment_give_the_same_bytes(workshop, access_to):
    first = workshop.build(access_to("python.git"))
    second = workshop.build(access_to("python.git"))
    other = workshop.build(access_to("python.git"), variables={"GREETING": "Good night"})
    assert first.result.files[0].sha256 == second.result.files[0].sha256
    assert first.result.files[0].sha256 != other.result.files[0].sha256
    assert first.result.env_hash != other.result.env_hash


def test_settings_and_tests_are_not_shipped(workshop, access_to, git_server):
    folder = git_server.root / "python-more.git"
    folder.mkdir()
    for name in ("__main__.py", "tests/test_it.py", ".hidden/x.py", ".env", "data/table.json"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("print('hi')" if name.endswith(".py") else "{}")
    (folder / "thinx.yml").write_text("python:\n  arch: any\ndevsec:\n  pass: hush-hush\n")
    make_repository(folder)
    built = workshop.build(access_to("python-more.git"))
    with zipfile.ZipFile(built.firmware) as archive:
        assert set(archive.namelist()) == {
            "__main__.py",
            "data/table.json",
            "thinx.json",
            "thinx_env.py",
        }


def test_syntax_error_names_the_file_and_the_line(workshop, access_to, git_server):
    folder = git_server.root / "python-broken.git"
    folder.mkdir()
    (folder / "main.py").write_text("x = 1\nprint(\n")
    make_repository(folder)
    with pytest.raises(BuildUserError) as failure:
        workshop.build(access_to("python-broken.git"))
    assert failure.value.code == "build.user.compile_failed"
    assert "main.py:2" in workshop.text
    assert workshop.leftovers == []
