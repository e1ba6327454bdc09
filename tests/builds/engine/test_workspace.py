"""A folder per build, and nothing of a killed worker stays."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from builds.engine.workspace import sweep, workspace


def test_folder_is_private_and_gone_afterwards(tmp_path):
    with workspace(tmp_path / "builds") as folder:
        (folder / "key").write_text("secret")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "builds").stat().st_mode) == 0o700
    assert list((tmp_path / "builds").iterdir()) == []


def test_folder_is_gone_after_a_failure(tmp_path):
    with pytest.raises(RuntimeError), workspace(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_folder_of_a_dead_worker_is_removed_and_of_a_living_one_kept(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (f"build-{ended.pid}-abc", f"build-{os.getpid()}-abc", "other", "build-x-y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text("secret")
    assert sweep(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        f"build-{os.getpid()}-abc",
        "other",
        "build-x-y",
    }
    assert sweep(tmp_path / "nowhere") == 0
