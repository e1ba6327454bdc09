"""Takes what a sandbox handed out and puts it into a folder of the worker, hashed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import IO

from builds.sandbox.contract import Collected, SandboxJob
from builds.sandbox.init import matches

CHUNK = 1 << 16
HEADER = 4096


def is_safe_name(name: str) -> bool:
    """Say whether a relative path can be created below a folder of ours as it stands."""
    path = PurePosixPath(name)
    return (
        0 < len(name) <= 255
        and name.isprintable()
        and "\\" not in name
        and not path.is_absolute()
        and str(path) == name
        and ".." not in path.parts
    )


def receive(
    stream: IO[bytes], destination: Path, job: SandboxJob
) -> tuple[list[Collected], list[str]]:
    """Read the handed-out files; return them, and what was refused and why.

    The stream comes from a place where foreign code ran: nothing in it is believed.
    """
    collected: list[Collected] = []
    while line := stream.readline(HEADER):
        try:
            number, _, name = line.decode().removesuffix("\n").partition(" ")
            size = int(number)
        except ValueError:
            return collected, ["The sandbox handed out something that is no file"]
        if not is_safe_name(name) or not matches(name, list(job.globs)):
            return collected, [f"{name[:200]!r} is not among the files of this platform"]
        if not 0 <= size <= job.limits.file or len(collected) >= job.limits.artifacts:
            return collected, [f"{name} is larger than {job.limits.file:,} bytes"]
        found = _store(stream, destination, name, size)
        if found is None:
            return collected, [f"{name} changed its size while it was read"]
        collected.append(found)
    return collected, []


def _store(stream: IO[bytes], destination: Path, name: str, size: int) -> Collected | None:
    path = destination / name
    path.parent.mkdir(parents=True, exist_ok=True)
    md5 = hashlib.md5(usedforsecurity=False)
    sha256 = hashlib.sha256()
    left = size
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as target:
        while left and (chunk := stream.read(min(left, CHUNK))):
            target.write(chunk)
            md5.update(chunk)
            sha256.update(chunk)
            left -= len(chunk)
    if left:
        path.unlink()
        return None
    return Collected(name, path, size, md5.hexdigest(), sha256.hexdigest())
