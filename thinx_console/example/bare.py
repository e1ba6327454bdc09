"""The bundled firmware as bare git repositories: the same commits on every installation."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from builds.sandbox.command import clean_environment
from core.exceptions import NotConfigured

BUNDLED = Path(__file__).parent / "repositories"
NAMES = ("python", "micropython", "arduino")
BRANCH = "main"
SECONDS = 20
LEFT_OUT = ":(exclude,glob)**/__pycache__/**"
# Fixed, so that the commit ids are those of the files alone.
DATE = "2026-01-01T00:00:00+00:00"
AUTHOR = {"NAME": "THiNX Console", "EMAIL": "example@localhost"}


def git_environment(**more: str) -> dict[str, str]:
    """Return what git sees here: no configuration of this machine or of a user."""
    return {
        **clean_environment(),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **more,
    }


def repositories_folder() -> Path:
    """Return where the bare repositories are."""
    return Path(settings.DATA_DIR) / "example" / "repositories"


def repository(name: str) -> Path:
    """Return the bare repository of an example, making it when it is not there.

    Raises KeyError for any name but those of the bundled examples.
    """
    if name not in NAMES:
        raise KeyError(name)
    path = repositories_folder() / f"{name}.git"
    return path if (path / "HEAD").exists() else _made(name, path)


def refresh_repositories() -> None:
    """Bring every repository to the files that this release bundles."""
    for name in NAMES:
        path = repository(name)
        with _locked():
            if _head(path) != _commit(name, path):
                _publish(name, path)


def remove_repositories() -> None:
    """Remove them all; the next request makes them anew."""
    shutil.rmtree(repositories_folder(), ignore_errors=True)


def _made(name: str, path: Path) -> Path:
    with _locked():
        if not (path / "HEAD").exists():
            draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=path.parent))
            try:
                _git("init", "--quiet", "--bare", "--template=", f"--initial-branch={BRANCH}",
                     str(draft))  # fmt: skip
                _publish(name, draft)
                draft.rename(path)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return path


@contextmanager
def _locked() -> Iterator[None]:
    """One process at a time changes repositories."""
    folder = repositories_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _publish(name: str, path: Path) -> None:
    _git("update-ref", f"refs/heads/{BRANCH}", _commit(name, path), git_dir=path)


def _head(path: Path) -> str:
    return _git("rev-parse", f"refs/heads/{BRANCH}", git_dir=path)


def _commit(name: str, path: Path) -> str:
    """Store the bundled files as one commit; return its id."""
    with tempfile.TemporaryDirectory(prefix="thinx-example-") as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index", "GIT_WORK_TREE": str(BUNDLED / name)}
        _git("add", "--all", "--force", "--", ".", LEFT_OUT, git_dir=path, **index)
        tree = _git("write-tree", git_dir=path, **index)
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in {**AUTHOR, "DATE": DATE}.items()
    }
    return _git("commit-tree", "-m", "Say the greeting, then measure", tree, git_dir=path, **who)


def _git(*arguments: str, git_dir: Path | None = None, **environment: str) -> str:
    if git_dir is not None:
        environment["GIT_DIR"] = str(git_dir)
    try:
        return subprocess.run(
            ["git", *arguments],
            env=git_environment(**environment),
            cwd=environment.get("GIT_WORK_TREE", "/"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        ).stdout.strip()
    except FileNotFoundError:
        raise NotConfigured("example.no_git", "git is not installed on this machine.") from None
