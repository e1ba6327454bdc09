"""A private folder per build, and the end of those whose worker was killed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAME = re.compile(r"build-(\d+)-\w+\Z")


@contextlib.contextmanager
def workspace(parent: Path) -> Iterator[Path]:
    """Give an empty folder that only this user can enter; it is gone afterwards.

    A worker ended by force cannot clean up, and a deploy key may lie in what it left: its folder
    is removed when the next one is made, or by `sweep`.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"build-{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> int:
    """Remove the folders of processes that no longer exist; return how many."""
    if not parent.is_dir():
        return 0
    removed = 0
    for folder in parent.iterdir():
        found = NAME.match(folder.name)
        if found and not Path(f"/proc/{found[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
