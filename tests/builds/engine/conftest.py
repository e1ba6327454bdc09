"""A git server, and a sandbox that remembers what was printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builds.engine.git_access import GitAccess
from builds.engine.git_urls import validate_git_url
from builds.sandbox import Limits, Outcome, SandboxJob, SandboxRunner, Step
from tests.support.sshd import GitServer, make_key, running_git_server

REPOSITORIES = Path(__file__).parents[2] / "fixtures" / "repos"


@dataclass
class Shell:
    """Runs a shell script in the real sandbox."""

    folder: Path
    lines: list[tuple[str, str]] = field(default_factory=list)
    runner: object = field(default_factory=SandboxRunner)

    def run(self, *scripts: str, cancelled=lambda: False, **limits) -> Outcome:
        """Run the scripts one after the other, as steps."""
        steps = tuple(Step(("sh", "-c", script)) for script in scripts)
        limits.setdefault("seconds", 20)
        job = SandboxJob(steps, globs=("*", "*/*"), limits=Limits(**limits))
        return self.run_job(job, cancelled=cancelled)

    def python(self, source: str, **limits) -> Outcome:
        """Run a Python program."""
        limits.setdefault("seconds", 20)
        step = Step(("/usr/bin/python3", "-I", "{work}/tools/program.py"))
        job = SandboxJob(
            (step,),
            files={"tools/program.py": source.encode()},
            globs=("*",),
            limits=Limits(**limits),
        )
        return self.run_job(job)

    def run_job(self, job: SandboxJob, *, cancelled=lambda: False) -> Outcome:
        """Run a whole job."""
        return self.runner.run(
            job,
            self.folder,
            on_line=lambda stream, text: self.lines.append((stream, text)),
            cancelled=cancelled,
        )

    @property
    def text(self) -> str:
        """Return all that was printed, without the commands themselves."""
        return "\n".join(text for stream, text in self.lines if stream != "command")

    def printed(self, stream: str) -> list[str]:
        """Return the lines of one stream."""
        return [text for name, text in self.lines if name == stream]


@pytest.fixture
def shell(tmp_path) -> Shell:
    folder = tmp_path / "collected"
    folder.mkdir()
    return Shell(folder)


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
    import subprocess

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
