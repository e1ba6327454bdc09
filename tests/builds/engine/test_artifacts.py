"""Artifacts are taken from a folder without trusting a single name in it."""

from __future__ import annotations

import hashlib
import io
import os

import pytest

from builds.engine.artifacts import collect
from builds.exceptions import BuildUserError
from builds.sandbox import Limits, SandboxJob
from builds.sandbox.collect import is_safe_name, receive
from builds.sandbox.init import matches


@pytest.fixture
def folders(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    return source, target


def test_matching_files_are_copied_and_hashed(folders):
    source, target = folders
    (source / "sub").mkdir()
    (source / "sub" / "a.bin").write_bytes(b"abc")
    (source / "other.txt").write_bytes(b"x")
    found = collect(source, ["*/*.bin"], target, limit=100)
    assert [file.name for file in found] == ["sub/a.bin"]
    assert found[0].md5 == hashlib.md5(b"abc").hexdigest()
    assert found[0].sha256 == hashlib.sha256(b"abc").hexdigest()
    assert (target / "sub" / "a.bin").read_bytes() == b"abc"
    assert not (target / "other.txt").exists()


def test_link_pipe_and_set_uid_file_are_refused(folders):
    source, target = folders
    (source / "link").symlink_to("/etc/shadow")
    os.mkfifo(source / "pipe")
    (source / "suid").write_text("x")
    (source / "suid").chmod(0o4755)
    for name in ("link", "pipe", "suid"):
        with pytest.raises(BuildUserError) as refusal:
            collect(source, [name], target, limit=100)
        assert refusal.value.code == "build.user.artifact_refused"
        assert name in refusal.value.message
    assert list(target.iterdir()) == []


def test_linked_folder_is_not_entered(folders, tmp_path):
    source, target = folders
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.bin").write_text("secret")
    (source / "folder").symlink_to(outside)
    assert collect(source, ["*/*.bin"], target, limit=100) == []


def test_files_over_the_limit_are_refused(folders):
    source, target = folders
    (source / "a").write_bytes(b"x" * 60)
    (source / "b").write_bytes(b"x" * 60)
    with pytest.raises(BuildUserError):
        collect(source, ["*"], target, limit=100)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/x", "../x", "a/../x", "a//b", "./a", "a\nb", "a\\b", "x" * 300, "a\0b", "a/"],
)
def test_unsafe_name_is_not_taken(name):
    assert not is_safe_name(name)


def frames(*entries: tuple[str, int, bytes]) -> io.BytesIO:
    parts = [f"{size} {name}\n".encode() + data for name, size, data in entries]
    return io.BytesIO(b"".join(parts))


JOB = SandboxJob((), globs=("*",), limits=Limits(file=10, artifacts=2))


@pytest.mark.parametrize(
    "stream",
    [
        frames(("../x", 1, b"x")),
        frames(("a/b", 1, b"x")),
        frames(("a", 11, b"x" * 11)),
        frames(("a", -1, b"")),
        frames(("a", 5, b"xx")),
        io.BytesIO(b"garbage\n"),
        io.BytesIO(b"1\n"),
        io.BytesIO(b"\xff 1\n"),
        io.BytesIO(b"3 \n"),
        io.BytesIO(b"x" * 10000),
        frames(("a", 1, b"x"), ("b", 1, b"x"), ("c", 1, b"x")),
    ],
)
def test_stream_that_lies_is_refused(stream, tmp_path):
    collected, refused = receive(stream, tmp_path, JOB)
    assert refused
    assert len(collected) <= 2
    assert {path.name for path in tmp_path.iterdir()} <= {"a", "b"}
    assert [path for path in tmp_path.parent.iterdir() if path.name == "x"] == []


def test_stream_that_is_right_is_taken(tmp_path):
    collected, refused = receive(frames(("a", 3, b"abc"), ("b", 0, b"")), tmp_path, JOB)
    assert refused == []
    assert [(file.name, file.size) for file in collected] == [("a", 3), ("b", 0)]


@pytest.mark.parametrize(
    ("name", "glob", "is_match"),
    [
        ("firmware.hex", "firmware.hex", True),
        ("firmware.hex", "*", True),
        ("firmware.hex", "*.hex", True),
        ("firmware.hex", "f*.h*x", True),
        ("firmware.hex", "*.bin", False),
        ("ab", "ab*b", False),
        ("a.b.c", "a*b*c", True),
        ("a/b.bin", "*", False),
        ("a/b.bin", "*/*.bin", True),
        ("a/b/c.bin", "*/*.bin", False),
        ("x", "", False),
    ],
)
def test_glob_stays_inside_one_part_of_a_path(name, glob, is_match):
    assert matches(name, [glob]) is is_match
