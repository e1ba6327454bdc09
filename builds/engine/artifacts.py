"""Artifacts on the worker's side: taken from a folder with care, hashed, named."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builds.exceptions import BuildUserError
from builds.sandbox.contract import Collected
from builds.sandbox.init import wanted

CHUNK = 1 << 16


@dataclass(frozen=True)
class BundleFile:
    """One file of a firmware that a device installs as files."""

    name: str
    data: bytes
    is_text: bool


def hash_file(path: Path) -> tuple[int, str, str]:
    """Return (size, md5, sha256) of an ordinary file."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        while chunk := file.read(CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
            size += len(chunk)
    return size, md5.hexdigest(), sha256.hexdigest()


def collect(
    folder: Path, globs: Sequence[str], destination: Path, *, limit: int, count: int = 32
) -> list[Collected]:
    """Copy the files that fit the globs; raises BuildUserError on a link, pipe or set-uid file.

    No part of a path is followed when it is a link, and nothing is waited for.
    """
    collected: list[Collected] = []
    left = limit
    for path, handle, found in wanted(str(folder), list(globs)):
        if handle < 0:
            raise _refused(f"{path} is {found}")
        left -= found.st_size
        if left < 0 or len(collected) >= count:
            raise _refused(f"{path} is too large, alone or with the others")
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(handle, target, found.st_size)
        collected.append(Collected(path, target, *hash_file(target)))
    return collected


def _copy(source: int, target: Path, size: int) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        while size and (chunk := os.read(source, min(size, CHUNK))):
            file.write(chunk)
            size -= len(chunk)


def _refused(reason: str) -> BuildUserError:
    return BuildUserError(
        "build.user.artifact_refused", f"What the build left is not taken: {reason}."
    )


def read_bundle(data: bytes) -> list[BundleFile]:
    """Return the files inside a `type: file` firmware."""
    content = json.loads(data)
    return [_bundle_file(entry) for entry in content["files"]]


def _bundle_file(entry: dict[str, str]) -> BundleFile:
    if entry.get("encoding") == "base64":
        return BundleFile(entry["name"], base64.b64decode(entry["data"]), is_text=False)
    return BundleFile(entry["name"], entry["data"].encode(), is_text=True)
