"""A checkout is listed by name, and a link out of it refuses the build."""

from __future__ import annotations

import os

import pytest

from builds.engine.tree import Tree, read_file, read_tree
from builds.exceptions import BuildUserError


def test_files_are_listed_without_git(tmp_path):
    for name in ("main.py", "a/b/c.py", ".git/config", "a/.git/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert read_tree(tmp_path).files == ("a/.git/x", "a/b/c.py", "main.py")


def test_link_inside_is_kept(tmp_path):
    (tmp_path / "real.py").write_text("")
    (tmp_path / "link.py").symlink_to("real.py")
    assert "link.py" in read_tree(tmp_path)


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../secret", "a/../../secret", "/proc/self/environ"]
)
def test_link_out_of_the_tree_is_refused_by_name(tmp_path, target):
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "evil").symlink_to(target)
    with pytest.raises(BuildUserError) as refusal:
        read_tree(root)
    assert refusal.value.code == "build.user.symlink"
    assert "evil" in refusal.value.message


def test_linked_folder_out_of_the_tree_is_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to("/etc")
    with pytest.raises(BuildUserError):
        read_tree(root)


def test_link_through_a_link_out_of_the_tree_is_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("../out")
    with pytest.raises(BuildUserError):
        read_tree(root)


def test_only_ordinary_files_are_read(tmp_path):
    (tmp_path / "file").write_text("x" * 10)
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert read_file(tmp_path, "file", limit=4) == b"x" * 5
    assert read_file(tmp_path, "link", limit=4) is None
    assert read_file(tmp_path, "pipe", limit=4) is None
    assert read_file(tmp_path, "nothing", limit=4) is None


def test_file_nearest_to_the_root_is_found_first():
    tree = Tree(("lib/x/thinx.h", "src/thinx.h", "src/z.h"))
    assert tree.first_named("thinx.h") == "src/thinx.h"
    assert tree.first_named("none.h") is None
