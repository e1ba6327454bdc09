"""MicroPython firmware: compiled by mpy-cross, run by MicroPython's WebAssembly port."""

from __future__ import annotations

import json

import pytest

from builds.engine.artifacts import read_bundle
from builds.exceptions import BuildUserError
from tests.support.builds import run_micropython
from tests.support.sshd import make_repository

pytestmark = pytest.mark.toolchain


def test_built_program_says_the_injected_value(workshop, access_to):
    built = workshop.build(access_to("micropython.git"))
    assert built.result.platform == "micropython"
    assert run_micropython(built.firmware) == "Good morning from micropython\n"


def test_firmware_is_the_answer_of_file_platforms(workshop, access_to):
    built = workshop.build(access_to("micropython.git"))
    content = json.loads(built.firmware.read_bytes())
    assert content["type"] == "file"
    files = {file.name: file for file in read_bundle(built.firmware.read_bytes())}
    assert set(files) == {
        "boot.py",
        "main.py",
        "lib/greeter.mpy",
        "thinx.json",
        "thinx_env.mpy",
    }
    assert files["boot.py"].is_text
    assert files["lib/greeter.mpy"].data[:2] == b"M\x06"
    assert json.loads(files["thinx.json"].data)["GREETING"] == "Good morning"


def test_same_commit_and_environment_give_the_same_bytes(workshop, access_to):
    first = workshop.build(access_to("micropython.git"))
    second = workshop.build(access_to("micropython.git"))
    assert first.result.files[0].sha256 == second.result.files[0].sha256


def test_source_is_shipped_when_asked(workshop, access_to, git_server):
    folder = git_server.root / "upy-source.git"
    folder.mkdir()
    (folder / "boot.py").write_text("import words\n")
    (folder / "words.py").write_text("import thinx_env\nprint(thinx_env.GREETING)\n")
    (folder / "thinx.yml").write_text("micropython:\n  compile: false\n")
    make_repository(folder)
    built = workshop.build(access_to("upy-source.git"))
    assert {file.name for file in read_bundle(built.firmware.read_bytes())} >= {"words.py"}
    assert run_micropython(built.firmware) == "Good morning\n"


def test_syntax_error_fails_the_build_and_is_in_the_log(workshop, access_to, git_server):
    folder = git_server.root / "upy-broken.git"
    folder.mkdir()
    (folder / "boot.py").write_text("def f(:\n")
    make_repository(folder)
    with pytest.raises(BuildUserError) as failure:
        workshop.build(access_to("upy-broken.git"))
    assert failure.value.code == "build.user.compile_failed"
    assert 'boot.py", line 1' in workshop.text
    assert "SyntaxError" in workshop.text
