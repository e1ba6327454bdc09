"""Cloning the bundled repositories over the console's own git server."""

from __future__ import annotations

import gzip
import subprocess

import pytest

from thinx_console.example import bare

pytestmark = pytest.mark.usefixtures("example_folder")


def git(*arguments, **environment):
    return subprocess.run(
        ["git", *arguments],
        env=bare.git_environment(HOME="/nonexistent", **environment),
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
@pytest.mark.parametrize("name", bare.NAMES)
def test_git_clones_each_example(live_server, tmp_path, name, protocol):
    done = git(
        "-c", f"protocol.version={protocol}", "clone", "--depth=1",
        f"{live_server.url}/examples/{name}.git", str(tmp_path / "copy"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bundled = {
        f"{path.relative_to(bare.BUNDLED / name)}": path.read_bytes()
        for path in (bare.BUNDLED / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    copied = {
        path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir() if path.is_file()
    }
    assert copied == bundled


def test_git_lists_the_branch_and_head(live_server):
    done = git("ls-remote", "--symref", f"{live_server.url}/examples/python.git")
    assert "ref: refs/heads/main\tHEAD" in done.stdout


def test_git_push_is_refused(live_server, tmp_path):
    git("clone", f"{live_server.url}/examples/python.git", str(tmp_path / "copy"))
    done = git("-C", str(tmp_path / "copy"), "push", "origin", "HEAD:refs/heads/other")
    assert done.returncode != 0
    assert "403" in done.stderr


def test_commits_are_the_same_everywhere(settings, tmp_path):
    heads = []
    for place in ("one", "two"):
        settings.DATA_DIR = tmp_path / place
        heads.append(git("-C", str(bare.repository("arduino")), "rev-parse", "main").stdout)
    assert heads[0] == heads[1] != ""


def test_refresh_follows_the_bundled_files(monkeypatch, tmp_path):
    before = git("-C", str(bare.repository("python")), "rev-parse", "main").stdout
    bundled = tmp_path / "bundled"
    for name in bare.NAMES:
        (bundled / name).mkdir(parents=True)
        (bundled / name / "main.py").write_text("print('newer')\n")
    monkeypatch.setattr(bare, "BUNDLED", bundled)
    bare.refresh_repositories()
    after = git("-C", str(bare.repository("python")), "rev-parse", "main").stdout
    assert before != after


@pytest.mark.parametrize("name", ["other", "python.git", "..", "repositories", ".lock"])
def test_other_names_are_404(client, name):
    answer = client.get(f"/examples/{name}.git/info/refs?service=git-upload-pack")
    assert answer.status_code == 404


def test_server_profile_has_no_examples(client, settings):
    settings.EMBEDDED = False
    answer = client.get("/examples/python.git/info/refs?service=git-upload-pack")
    assert answer.status_code == 404


@pytest.mark.parametrize("service", ["", "git-receive-pack", "git-upload-archive"])
def test_other_services_are_403(client, service):
    answer = client.get("/examples/python.git/info/refs", {"service": service})
    assert answer.status_code == 403


def post(client, data, **headers):
    return client.generic(
        "POST",
        "/examples/python.git/git-upload-pack",
        data,
        content_type="application/x-git-upload-pack-request",
        headers=headers,
    )


def test_gzip_request_is_understood(client):
    body = gzip.compress(b"0014command=ls-refs\n0000")
    answer = post(client, body, **{"Content-Encoding": "gzip", "Git-Protocol": "version=2"})
    assert answer.status_code == 200
    assert b"refs/heads/main" in answer.content


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"x" * (1 << 20) + b"x", "identity"),
        (gzip.compress(b"0" * (8 << 20)), "gzip"),
        (b"no gzip at all", "gzip"),
        (b"0000", "br"),
    ],
)
def test_large_or_broken_request_is_413(client, data, encoding):
    assert post(client, data, **{"Content-Encoding": encoding}).status_code == 413


def test_junk_is_400(client):
    assert post(client, b"junk" * 1000).status_code == 400


def test_wrong_content_type_is_415(client):
    answer = client.post("/examples/python.git/git-upload-pack", b"0000", content_type="text/plain")
    assert answer.status_code == 415
