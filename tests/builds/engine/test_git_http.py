"""Fetching over HTTP: tokens are asked for, redirects are not followed, DNS is pinned."""

from __future__ import annotations

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from builds.engine import git
from builds.engine.git_access import GitAccess
from builds.engine.git_urls import GitUrl, validate_git_url
from builds.exceptions import BuildUserError
from tests.support.sshd import git as run_git
from tests.support.sshd import make_repository

pytestmark = pytest.mark.toolchain
TOKEN = "hush-hush-token"


class Handler(SimpleHTTPRequestHandler):
    """Serves a repository's files, some only to who knows the token, some elsewhere."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/open/"))
            self.end_headers()
        elif self.path.startswith("/closed/") and self.headers["Authorization"] != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(tmp_path):
    folder = make_repository(tmp_path / "made")
    run_git("update-server-info", cwd=folder)
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fw.git").symlink_to(folder / ".git")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path))
    server.paths = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def access(web, path: str, token: str = "") -> GitAccess:
    base = f"http://127.0.0.1:{web.server_address[1]}/"
    return GitAccess(validate_git_url(base + path, own_prefixes=[base]), token=token)


def test_open_repository_is_read(web):
    assert git.list_refs(access(web, "open/fw.git")).branches.keys() == {"main"}


def test_token_opens_a_closed_repository(web):
    assert git.list_refs(access(web, "closed/fw.git", TOKEN)).branches.keys() == {"main"}
    assert not any(TOKEN in path for path in web.paths)


@pytest.mark.parametrize("token", ["", "wrong-token"])
def test_closed_repository_is_refused_without_the_token(web, token):
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access(web, "closed/fw.git", token))
    assert refusal.value.code == "build.user.clone_denied"
    assert "access token" in refusal.value.message


def test_redirect_is_not_followed(web):
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access(web, "moved/fw.git"))
    assert refusal.value.code == "build.user.redirected"
    assert not any(path.startswith("/open/") for path in web.paths)


def test_missing_repository_is_named(web):
    with pytest.raises(BuildUserError) as refusal:
        git.list_refs(access(web, "open/none.git"))
    assert refusal.value.code == "build.user.no_repository"


def test_connection_goes_to_the_address_that_was_checked(web):
    """A name that nobody knows is reached because its address was pinned."""
    port = web.server_address[1]
    text = f"http://git.example.invalid:{port}/open/fw.git"
    url = GitUrl(
        text, "http", "", "git.example.invalid", port, "/open/fw.git", own=True, address="127.0.0.1"
    )
    assert git.list_refs(GitAccess(url)).branches.keys() == {"main"}
