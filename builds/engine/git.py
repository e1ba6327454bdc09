"""Fetches a repository, outside the build sandbox: it needs the network and the key."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import Popen
from typing import IO

from builds.engine.git_access import GitAccess, prepared
from builds.engine.git_errors import git_error
from builds.engine.git_urls import clean_branch
from builds.exceptions import BuildCancelled, BuildPlatformError, BuildUserError
from builds.sandbox.output import LineBuffer

MIB = 1024 * 1024
TICK = 0.2
VERSION_TAG = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?\Z")
TOO_LARGE = ("file size limit", "file too large", "died of signal 25")
BROKEN_OFF = ("early eof", "disconnect", "hung up", "reset by peer", "broken pipe")
SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "credential.helper=",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "submodule.recurse=false",
    "gc.auto=0",
    "advice.detachedHead=false",
)


@dataclass(frozen=True)
class GitLimits:
    """How long fetching may take (seconds) and how large the result may be (bytes)."""

    seconds: float = 180
    size: int = 256 * MIB
    files: int = 20_000


@dataclass(frozen=True)
class Refs:
    """The names a repository offers, and the branch its HEAD points to."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    head: str

    @property
    def base_version(self) -> str:
        """Return the highest tag that reads like a version, without its `v`; `1.0` if none."""
        found = [(_numbers(tag), tag) for tag in self.tags if VERSION_TAG.match(tag)]
        return max(found)[1].removeprefix("v") if found else "1.0"


@dataclass(frozen=True)
class Checkout:
    """A fetched commit."""

    folder: Path
    branch: str
    commit: str
    message: str
    author: str
    committed_at: datetime


def _numbers(tag: str) -> tuple[int, ...]:
    found = VERSION_TAG.match(tag)
    assert found is not None
    return tuple(int(number or 0) for number in found.groups())


def list_refs(
    access: GitAccess,
    *,
    limits: GitLimits = GitLimits(seconds=60),
    cancelled: Callable[[], bool] = lambda: False,
    workdir: Path | None = None,
) -> Refs:
    """Ask the repository for its branches, tags and HEAD; raises BuildUserError."""
    arguments = ["ls-remote", "--symref", "--", access.url.text]
    text = _Run(access, limits, cancelled).run(arguments, workdir=workdir)
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    head = ""
    for line in text.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: ") and name == "HEAD":
            head = left.removeprefix("ref: ").removeprefix("refs/heads/")
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = left
        elif name.startswith("refs/tags/") and not name.endswith("^{}"):
            tags[name.removeprefix("refs/tags/")] = left
    return Refs(branches, tags, head)


def clone(
    access: GitAccess,
    branch: str,
    destination: Path,
    *,
    limits: GitLimits = GitLimits(),
    on_line: Callable[[str], None] = lambda text: None,
    cancelled: Callable[[], bool] = lambda: False,
    workdir: Path | None = None,
) -> Checkout:
    """Fetch one commit of one branch or tag: no history, no submodules, no hooks, no filters.

    Raises BuildUserError (`build.user.*`) when the repository does not let us, is too large or
    too slow, and BuildCancelled.
    """
    from git import Repo  # noqa: PLC0415  only who fetches needs its 3 MB

    branch = clean_branch(branch)
    arguments = [
        "clone", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules",
        "--template=", "--progress", f"--branch={branch}", "--", access.url.text,
        str(destination),
    ]  # fmt: skip
    run = _Run(access, limits, cancelled, on_line=on_line, branch=branch, grows=destination)
    run.run(arguments, workdir=workdir)
    with Repo(destination) as repository:
        commit = repository.head.commit
        subject = str(commit.message).strip().split("\n", 1)[0]
        return Checkout(
            folder=destination,
            branch=branch,
            commit=commit.hexsha,
            message=subject[:200],
            author=str(commit.author.name or "")[:200],
            committed_at=commit.committed_datetime,
        )


def folder_size(folder: Path) -> tuple[int, int]:
    """Return (bytes on disk, files) below a folder that may change meanwhile."""
    size = files = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            files += 1
            with contextlib.suppress(OSError):
                size += os.lstat(Path(parent) / name).st_blocks * 512
    return size, files


class _Run:
    """One git process: read, timed, weighed, ended."""

    def __init__(
        self,
        access: GitAccess,
        limits: GitLimits,
        cancelled: Callable[[], bool],
        *,
        on_line: Callable[[str], None] = lambda text: None,
        branch: str = "",
        grows: Path | None = None,
    ) -> None:
        self.access, self.limits, self.cancelled = access, limits, cancelled
        self.on_line, self.branch, self.grows = on_line, branch, grows
        self.started = time.monotonic()
        self.weighed = 0.0
        self.problem: Exception | None = None

    def run(self, arguments: list[str], *, workdir: Path | None) -> str:
        """Run git and return its standard output; the process group is gone afterwards."""
        from git import Git  # noqa: PLC0415  as above

        with prepared(self.access, workdir) as environment:
            wrapped = Git(workdir or environment["HOME"]).execute(
                self._command(arguments, environment), as_process=True, start_new_session=True
            )
            process = wrapped.proc
            assert process is not None
            try:
                output, errors = self._read(process)
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if self.problem is not None:
            raise self.problem
        if process.returncode != 0:
            raise self._explain(errors)
        return output

    def _command(self, arguments: list[str], environment: Mapping[str, str]) -> list[str]:
        """GitPython adds the worker's environment to each process; `env -i` takes it off."""
        settings = [part for setting in self._settings() for part in ("-c", setting)]
        return [
            "env", "-i", *(f"{name}={value}" for name, value in environment.items()),
            "setpriv", "--pdeathsig", "KILL", "--",
            "prlimit", f"--fsize={self.limits.size}", "--core=0", "--",
            "git", *settings, *arguments,
        ]  # fmt: skip

    def _settings(self) -> tuple[str, ...]:
        url = self.access.url
        if url.is_ssh or not url.address:
            return SAFE
        return (*SAFE, f"http.curloptResolve={url.host}:{url.port}:{url.address}")

    def _read(self, process: Popen[bytes]) -> tuple[str, str]:
        output = bytearray()
        errors: list[str] = []
        lines = LineBuffer(4096)

        def on_error(chunk: bytes) -> None:
            for text in lines.feed(chunk):
                errors.append(text)
                del errors[:-100]
                if not text.startswith("Cloning into "):
                    self.on_line(text.rstrip())

        def on_output(chunk: bytes) -> None:
            if len(output) < 4 * MIB:
                output.extend(chunk)

        reactions = {process.stdout: on_output, process.stderr: on_error}
        self._follow(reactions)
        if self.problem is None:
            self._wait(process)
            self._weigh(last=True)
        errors += lines.flush()
        return output.decode("utf-8", "replace"), "\n".join(errors)

    def _follow(self, reactions: Mapping[IO[bytes] | None, Callable[[bytes], None]]) -> None:
        """Read until both ends are closed or there is a reason to stop."""
        with selectors.DefaultSelector() as selector:
            for pipe, react in reactions.items():
                assert pipe is not None
                selector.register(pipe, selectors.EVENT_READ, react)
            while selector.get_map() and self.problem is None:
                for key, _ in selector.select(TICK):
                    chunk = os.read(key.fd, 1 << 16)
                    if chunk:
                        key.data(chunk)
                    else:
                        selector.unregister(key.fileobj)
                self._check()

    def _wait(self, process: Popen[bytes]) -> None:
        while process.poll() is None and self.problem is None:
            time.sleep(0.01)
            self._check()

    def _check(self) -> None:
        if self.cancelled():
            self.problem = BuildCancelled()
        elif time.monotonic() - self.started > self.limits.seconds:
            self.problem = BuildUserError(
                "build.user.clone_timeout",
                f"The repository was not fetched within {self.limits.seconds:.0f} seconds.",
            )
        elif time.monotonic() - self.weighed > 0.5:
            self._weigh()

    def _weigh(self, *, last: bool = False) -> None:
        self.weighed = time.monotonic()
        if self.grows is None or (not last and not self.grows.exists()):
            return
        size, files = folder_size(self.grows)
        if size > self.limits.size or files > self.limits.files:
            self.problem = self._too_large()

    def _too_large(self) -> BuildUserError:
        return BuildUserError(
            "build.user.repository_too_large",
            f"The repository is larger than a build may fetch ({self.limits.size // MIB} MB, "
            f"{self.limits.files:,} files). Keep large files outside of it.",
        )

    @staticmethod
    def _hit_size_limit(errors: str) -> bool:
        """Tell by git's words; index-pack ended by its size limit says nothing itself."""
        if any(phrase in errors for phrase in TOO_LARGE):
            return True
        silent = "invalid index-pack output" in errors
        return silent and not any(phrase in errors for phrase in BROKEN_OFF)

    def _explain(self, errors: str) -> BuildUserError | BuildPlatformError:
        if self._hit_size_limit(errors.lower()):
            return self._too_large()
        if "no space left on device" in errors.lower():
            return BuildPlatformError(
                "build.platform.disk_full", "The disk of this worker is full; nothing was built."
            )
        return git_error(errors, url=self.access.url, branch=self.branch)
