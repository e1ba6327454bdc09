"""The job and its source in one stream, the only thing that enters a sandbox.

A line with the size of the job, the job as marshal has it, then for each file, link and folder a
line `kind mode name-size content-size`, its name and its content. Written and read by us only:
`init.py` needs a third of the time to start that it would with a tar file and JSON.
"""

from __future__ import annotations

import marshal
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from builds.sandbox.contract import SandboxJob

# The oldest format with all the types we use: every Python 3 reads it.
MARSHAL = 2


def pack(job: SandboxJob, target: IO[bytes]) -> None:
    """Write the job and its source; links stay links, special files and .git stay outside."""
    spec = marshal.dumps(
        {
            "steps": [{"argv": list(step.argv), "cwd": step.cwd} for step in job.steps],
            "environment": dict(job.environment),
            "globs": list(job.globs),
            "limits": asdict(job.limits),
        },
        MARSHAL,
    )
    target.write(b"%d\n" % len(spec))
    target.write(spec)
    if job.source is not None:
        for path, name in _walk(job.source):
            _write(target, path, f"src/{name}")
    for name, data in job.files.items():
        _entry(target, b"file", 0o644, name, data)
    for name, path in job.programs.items():
        _entry(target, b"file", 0o755, name, path.read_bytes())


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield everything below a folder with its relative name; links are not entered."""
    for parent, folders, files in os.walk(root):
        here = Path(parent)
        if here == root and ".git" in folders:
            folders.remove(".git")
        for name in (*folders, *files):
            path = here / name
            yield path, path.relative_to(root).as_posix()


def _write(target: IO[bytes], path: Path, name: str) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        _entry(target, b"link", 0, name, os.fsencode(path.readlink()))
    elif stat.S_ISDIR(mode):
        _entry(target, b"folder", 0, name, b"")
    elif stat.S_ISREG(mode):
        _entry(target, b"file", mode & 0o777, name, path.read_bytes())


def _entry(target: IO[bytes], kind: bytes, mode: int, name: str, content: bytes) -> None:
    raw = os.fsencode(name)
    target.write(b"%s %d %d %d\n" % (kind, mode, len(raw), len(content)))
    target.write(raw)
    target.write(content)
