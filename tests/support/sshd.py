"""A private git server: a real sshd on a free port that lets given keys read given repositories."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import free_port

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
}
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
"""
ONLY_READ = """#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
"git-upload-pack '{root}/"*) exec git-shell -c "$SSH_ORIGINAL_COMMAND" ;;
esac
echo "this key may only read" >&2
exit 1
"""


def git(*arguments: str, cwd: Path) -> str:
    """Run git with an identity and dates of its own, so commits have the same hash each time."""
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=ENVIRONMENT, check=True, capture_output=True, text=True
    ).stdout


def make_key(path: Path, kind: str = "ed25519") -> str:
    """Make a key pair at `path` and return the private half."""
    bits = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "", "-f", str(path)], check=True
    )
    return path.read_text()


def make_repository(folder: Path, source: Path | None = None, branch: str = "main") -> Path:
    """Make a repository with one commit of the files of `source`."""
    if source is not None:
        shutil.copytree(source, folder, symlinks=True)
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "-q", f"--initial-branch={branch}", cwd=folder)
    git("add", "-A", "-f", cwd=folder)
    git("commit", "-q", "--allow-empty", "-m", "First firmware", cwd=folder)
    return folder


@dataclass
class GitServer:
    """A running server. Repositories below `root` can be read by the keys it knows."""

    folder: Path
    port: int

    @property
    def root(self) -> Path:
        """Return the folder of the repositories."""
        return self.folder / "repositories"

    @property
    def known_hosts(self) -> str:
        """Return the host key as known_hosts has it."""
        kind, key = (self.folder / "host.pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def url(self, name: str) -> str:
        """Return the address of a repository."""
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.root / name}"

    def authorize(self, public_key: str) -> None:
        """Let this key read, and do nothing else."""
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f'restrict,command="{self.folder}/only-read" {public_key.strip()}\n')

    def add(self, name: str, source: Path | None = None, branch: str = "main") -> Path:
        """Add a repository with the files of `source` as its first commit."""
        return make_repository(self.root / name, source, branch)


@contextlib.contextmanager
def running_git_server(port: int = 0) -> Iterator[GitServer]:
    """Start sshd on the port given or a free one, give the server, end it."""
    with tempfile.TemporaryDirectory(prefix="thinx-sshd-") as name:
        server = GitServer(Path(name), port or free_port())
        server.root.mkdir()
        make_key(server.folder / "host")
        script = server.folder / "only-read"
        script.write_text(ONLY_READ.format(root=server.root))
        script.chmod(0o755)
        (server.folder / "authorized_keys").touch()
        config = server.folder / "sshd_config"
        config.write_text(CONFIG.format(port=server.port, folder=server.folder))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        with (server.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stderr=log
            )
        try:
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def _wait(server: GitServer, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError((server.folder / "log").read_text())
