"""What a checkout holds, by name; and that none of its links leads out of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builds.exceptions import BuildUserError

MAX_FILES = 20_000


@dataclass(frozen=True)
class Tree:
    """The names of a checkout's files, relative, sorted, with `/` between the parts."""

    files: tuple[str, ...]

    def __contains__(self, name: object) -> bool:
        return name in self.files

    def outside(self, folders: Iterable[str]) -> Iterator[str]:
        """Yield the files that are in none of these folders, at any depth, and not hidden."""
        closed = set(folders)
        for name in self.files:
            parents = PurePosixPath(name).parts[:-1]
            if not any(part in closed or part.startswith(".") for part in parents):
                yield name

    def first_named(self, name: str) -> str | None:
        """Return the file with this name that is nearest to the root."""
        found = [path for path in self.files if PurePosixPath(path).name == name]
        return min(found, key=lambda path: (path.count("/"), path), default=None)


def read_tree(root: Path) -> Tree:
    """List a checkout; raises BuildUserError when a link leads out of it."""
    real_root = root.resolve()
    files: list[str] = []
    for parent, folders, names in os.walk(root):
        here = Path(parent)
        if here == root and ".git" in folders:
            folders.remove(".git")
        for name in (*folders, *names):
            path = here / name
            if path.is_symlink() and not path.resolve().is_relative_to(real_root):
                raise _leads_out(path.relative_to(root))
        files += [(here / name).relative_to(root).as_posix() for name in names]
        if len(files) > MAX_FILES:
            raise BuildUserError(
                "build.user.repository_too_large",
                f"The repository has more than {MAX_FILES:,} files.",
            )
    return Tree(tuple(sorted(files)))


def _leads_out(path: Path) -> BuildUserError:
    return BuildUserError(
        "build.user.symlink",
        f"The link {path} leads out of the repository. Such a repository is not built; replace "
        "the link by the file it should be.",
    )


def read_file(root: Path, name: str, *, limit: int) -> bytes | None:
    """Return the start of an ordinary file of a checkout, or None when it is none."""
    try:
        handle = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(limit + 1) if (root / name).is_file() else None
