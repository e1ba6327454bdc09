"""Fetching over real ssh, with a key that may only read."""

from __future__ import annotations

import stat
import threading
import time

import pytest

from builds.engine import git
from builds.engine.git_access import (
    GitAccess,
    normalise_private_key,
    prepared,
    scan_host_key,
)
from builds.engine.git_urls import validate_git_url
from builds.exceptions import BuildCancelled, BuildUserError
from tests.support.sshd import free_port, make_key, make_repository
from tests.support.sshd import git as run_git

pytestmark = pytest.mark.toolchain


def test_clone_brings_one_commit_and_nothing_else(access_to, tmp_path):
    lines: list[str] = []
    checkout = git.clone(access_to("python.git"), "main", tmp_path / "x", on_line=lines.append)
    assert (tmp_path / "x" / "main.py").exists()
    assert checkout.message == "First firmware"
    assert checkout.author == "Ada"
    assert checkout.committed_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert len(checkout.commit) == 40
    hooks = tmp_path / "x" / ".git" / "hooks"
    assert not hooks.exists() or not list(hooks.iterdir())
    assert not any("/tmp/" in line for line in lines)


def test_refs_and_version_come_from_the_repository(access_to, git_server):
    folder = git_server.add("tagged.git")
    run_git("branch", "develop", cwd=folder)
    for tag in ("v1.2.0", "v1.10.0", "1.9", "nightly", "v2.0.0-rc1"):
        run_git("tag", tag, cwd=folder)
    refs = git.list_refs(access_to("tagged.git"))
    assert set(refs.branches) == {"main", "develop"}
    assert refs.head == "main"
    assert refs.base_version == "1.10.0"


def test_repository_without_version_tags_starts_at_one(access_to):
    assert git.list_refs(access_to("python.git")).base_version == "1.0"


def test_tag_can_be_built(access_to, git_server, tmp_path):
    run_git("tag", "v3", cwd=git_server.add("with-tag.git"))
    assert git.clone(access_to("with-tag.git"), "v3", tmp_path / "x").branch == "v3"


def test_rsa_key_in_pem_format_opens_too(access_to, git_server, tmp_path):
    key = make_key(tmp_path / "rsa", "rsa")
    git_server.authorize((tmp_path / "rsa.pub").read_text())
    assert git.list_refs(access_to("python.git", private_key=key)).head == "main"


def test_pasted_key_with_windows_line_ends_and_spaces_works(access_to, deploy_key):
    pasted = "  " + deploy_key.strip().replace("\n", "\r\n")
    assert git.list_refs(access_to("python.git", private_key=pasted)).head == "main"


@pytest.mark.parametrize("text", ["", "ssh-ed25519 AAAA", "-----BEGIN CERTIFICATE-----\nx"])
def test_text_that_is_no_private_key_is_refused(text):
    with pytest.raises(BuildUserError) as refusal:
        normalise_private_key(text)
    assert refusal.value.code == "build.user.key_invalid"


def test_wrong_key_is_refused_with_what_to_do(access_to, tmp_path):
    key = make_key(tmp_path / "other")
    with pytest.raises(BuildUserError) as refusal:
        git.clone(access_to("python.git", private_key=key), "main", tmp_path / "x")
    assert refusal.value.code == "build.user.clone_denied"
    assert "deploy keys" in refusal.value.message


def test_missing_key_is_named_before_anything_is_tried(access_to):
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access_to("python.git", private_key=""))
    assert refusal.value.code == "build.user.key_missing"


def test_wrong_host_key_is_refused(access_to, tmp_path):
    make_key(tmp_path / "host")
    public = " ".join((tmp_path / "host.pub").read_text().split()[:2])
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access_to("python.git", known_hosts=f"127.0.0.1 {public}\n"))
    assert refusal.value.code == "build.user.host_key"


def test_unknown_host_key_is_not_accepted_by_itself(access_to):
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access_to("python.git", known_hosts=""))
    assert refusal.value.code == "build.user.host_key_unknown"


def test_scanned_host_key_is_the_one_to_pin(access_to, git_server):
    url = validate_git_url(git_server.url("python.git"), allow_loopback=True)
    keys = scan_host_key(url)
    assert keys.known_hosts == git_server.known_hosts
    assert keys.fingerprint.startswith("SHA256:")
    assert git.list_refs(access_to("python.git", known_hosts=keys.known_hosts))


def test_host_that_does_not_answer_is_unreachable(tmp_path, deploy_key, git_server):
    text = f"ssh://git@127.0.0.1:{free_port()}/x.git"
    url = validate_git_url(text, allow_loopback=True)
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(GitAccess(url, deploy_key, git_server.known_hosts))
    assert refusal.value.code == "build.user.unreachable"
    with pytest.raises(BuildUserError) as refusal:
        scan_host_key(url)
    assert refusal.value.code == "build.user.unreachable"


def test_name_that_does_not_resolve_is_unreachable(deploy_key, git_server):
    url = validate_git_url("ssh://git@nowhere.invalid/x.git", resolve=False)
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(GitAccess(url, deploy_key, git_server.known_hosts))
    assert refusal.value.code == "build.user.unreachable"


def test_missing_branch_is_named(access_to, tmp_path):
    with pytest.raises(BuildUserError) as refusal:
        git.clone(access_to("python.git"), "nope", tmp_path / "x")
    assert refusal.value.code == "build.user.no_branch"
    assert "“nope”" in refusal.value.message


def test_missing_repository_is_named(access_to, tmp_path):
    with pytest.raises(BuildUserError) as refusal:
        git.clone(access_to("nothing.git"), "main", tmp_path / "x")
    assert refusal.value.code == "build.user.no_repository"


def test_repository_that_is_too_large_is_stopped(access_to, git_server, tmp_path):
    folder = git_server.root / "large.git"
    folder.mkdir()
    (folder / "noise").write_bytes(__import__("os").urandom(3_000_000))
    make_repository(folder)
    with pytest.raises(BuildUserError) as refusal:
        git.clone(
            access_to("large.git"), "main", tmp_path / "x", limits=git.GitLimits(size=1_000_000)
        )
    assert refusal.value.code == "build.user.repository_too_large", refusal.value.message


def test_repository_with_too_many_files_is_stopped(access_to, tmp_path):
    with pytest.raises(BuildUserError) as refusal:
        git.clone(access_to("python.git"), "main", tmp_path / "x", limits=git.GitLimits(files=3))
    assert refusal.value.code == "build.user.repository_too_large", refusal.value.message


def test_slow_host_ends_at_the_deadline(deploy_key, git_server):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        text = f"ssh://git@127.0.0.1:{silent.getsockname()[1]}/x.git"
        url = validate_git_url(text, allow_loopback=True)
        started = time.monotonic()
        with pytest.raises(BuildUserError) as refusal:
            git.list_refs(
                GitAccess(url, deploy_key, git_server.known_hosts), limits=git.GitLimits(seconds=1)
            )
        assert refusal.value.code == "build.user.clone_timeout"
        assert time.monotonic() - started < 30


def test_cancel_ends_a_fetch_at_once(deploy_key, git_server):
    import socket

    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        text = f"ssh://git@127.0.0.1:{silent.getsockname()[1]}/x.git"
        url = validate_git_url(text, allow_loopback=True)
        started = time.monotonic()
        with pytest.raises(BuildCancelled):
            git.list_refs(
                GitAccess(url, deploy_key, git_server.known_hosts), cancelled=cancelled.is_set
            )
        assert time.monotonic() - started < 30


def test_key_lies_in_a_private_folder_only_while_git_runs(access_to, tmp_path):
    with prepared(access_to("python.git"), tmp_path) as environment:
        folder = next(tmp_path.iterdir())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
        assert "PRIVATE KEY" not in str(environment)
        assert "StrictHostKeyChecking=yes" in environment["GIT_SSH_COMMAND"]
    assert list(tmp_path.iterdir()) == []


def test_token_is_in_no_argument_and_no_environment(tmp_path):
    url = validate_git_url("https://example.com/x.git", resolve=False)
    with prepared(GitAccess(url, token="hush-hush-token"), tmp_path) as environment:
        assert "hush" not in str(environment)
        import subprocess

        def answer(question):
            return subprocess.run(
                [environment["GIT_ASKPASS"], question], capture_output=True, text=True, check=True
            ).stdout.strip()

        assert answer("Username for 'https://example.com': ") == "x-access-token"
        assert answer("Password for 'https://example.com': ") == "hush-hush-token"
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_not_in_the_text_form(access_to, deploy_key):
    access = access_to("python.git", token="hush-hush-token")
    assert "hush" not in repr(access)
    assert "PRIVATE" not in repr(access)


def test_environment_of_the_worker_does_not_reach_git_or_ssh(access_to, monkeypatch, tmp_path):
    log = tmp_path / "environment"
    script = tmp_path / "bin" / "ssh"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\nenv > {log}\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("WORKER_SECRET", "canary")
    monkeypatch.setattr(
        "builds.engine.git_access.clean_environment",
        lambda: {"PATH": f"{script.parent}:/usr/bin:/bin"},
    )
    with pytest.raises(BuildUserError):
        git.list_refs(access_to("python.git"))
    assert "canary" not in log.read_text()


def test_filters_and_submodules_of_a_repository_do_not_run(access_to, git_server, tmp_path):
    folder = git_server.root / "tricky.git"
    folder.mkdir()
    (folder / ".gitattributes").write_text("* filter=evil\n")
    (folder / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = x\n\turl = {git_server.root}/python.git\n'
    )
    (folder / "main.py").write_text("print()\n")
    make_repository(folder)
    git.clone(access_to("tricky.git"), "main", tmp_path / "x")
    assert (tmp_path / "x" / "main.py").read_text() == "print()\n"
    assert not (tmp_path / "x" / "x").exists()
