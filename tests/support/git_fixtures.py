"""Fixtures around a private git server, for tests of the engine that need no database."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builds.engine.git_access import GitAccess
from builds.engine.git_urls import validate_git_url
from tests.support.builds import Workshop
from tests.support.sshd import GitServer, make_key, running_git_server

REPOSITORIES = Path(__file__).parent.parent / "fixtures" / "repos"


@pytest.fixture(scope="session")
def deploy_key(tmp_path_factory) -> str:
    """The private half of the key that may read."""
    return make_key(tmp_path_factory.mktemp("keys") / "deploy")


@pytest.fixture(scope="session")
def git_server(deploy_key, tmp_path_factory) -> GitServer:
    """A running server with the three example repositories."""
    with running_git_server() as server:
        folder = tmp_path_factory.mktemp("public")
        key = folder / "key"
        key.write_text(deploy_key)
        key.chmod(0o600)
        server.authorize(public_half(key))
        for source in REPOSITORIES.iterdir():
            server.add(f"{source.name}.git", source)
        yield server


def public_half(key: Path) -> str:
    return subprocess.run(
        ["ssh-keygen", "-y", "-f", str(key)], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def access_to(git_server, deploy_key):
    """Return what opens a repository of the server."""

    def access(name: str, **changes) -> GitAccess:
        url = validate_git_url(git_server.url(name), allow_loopback=True)
        facts = {"private_key": deploy_key, "known_hosts": git_server.known_hosts}
        return GitAccess(url, **{**facts, **changes})

    return access


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    """Return a place to build in."""
    return Workshop(tmp_path)
