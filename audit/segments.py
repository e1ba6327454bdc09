"""Closed segments of chains as files: one gzip of JSON lines each, in the order of the chain.

The first line is the header: which chain, from where to where, the hash before the first event and
that of the last one. The rest are the events with everything that their hashes cover. The
`audit.archived` event in the chain holds the same, and the file's SHA-256.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from audit.chain import Link
from audit.fields import canonical

VERSION = 1
LEVEL = 6


@dataclass(frozen=True)
class Header:
    """What a segment holds; `organization_id` is what events of format 1 are hashed with."""

    chain: str
    organization_id: int | None
    first_seq: int
    last_seq: int
    previous_hash: str
    hash: str
    version: int = VERSION

    @property
    def file(self) -> str:
        """Return where the segment lies below the archive's folder."""
        return f"{self.chain}/{self.first_seq:010}-{self.last_seq:010}.jsonl.gz"


class SegmentError(Exception):
    """A file of the archive that cannot be read as what it says it is."""


def folder() -> Path:
    """Return where the segments lie."""
    return Path(settings.AUDIT_ARCHIVE_DIR)


def write(header: Header, links: Iterable[Link]) -> str:
    """Write a segment whole or not at all; return the SHA-256 of its file."""
    path = folder() / header.file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            # No time stamp inside: the same events give the same bytes.
            with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
                packed.write(f"{canonical(asdict(header))}\n".encode())
                for link in links:
                    packed.write(f"{as_json(link)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return digest(path)


def read(path: Path) -> tuple[Header, Iterator[Link]]:
    """Return the header of a segment and its events. Raises SegmentError."""
    lines = _lines(path)
    try:
        header = Header(**json.loads(next(lines)))
    except (StopIteration, ValueError, TypeError) as error:
        raise SegmentError(f"{path.name} is not a segment of the audit log") from error
    if header.version != VERSION:
        raise SegmentError(f"{path.name} has the unknown version {header.version}")
    return header, _links(path, lines)


def files(chain: str) -> list[Path]:
    """Return the segments of a chain that are here, oldest first."""
    return sorted((folder() / chain).glob("*.jsonl.gz")) if chain else []


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_json(link: Link) -> str:
    """Return an event as JSON, with its data as it was hashed.

    Number and hash stand side by side, where `audit_verify --expect` finds them.
    """
    said = link._asdict()
    data, seq, end = said.pop("data"), said.pop("seq"), said.pop("hash")
    return f'{canonical(said)[:-1]},"data":{data},"seq":{seq},"hash":"{end}"}}'


def from_json(text: str) -> Link:
    """Return the event of a line; raises ValueError or TypeError when it is none."""
    said = json.loads(text)
    return Link(**{**said, "data": canonical(said["data"])})


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SegmentError(f"{path.name} cannot be read: {error}") from error


def _links(path: Path, lines: Iterator[str]) -> Iterator[Link]:
    for line in lines:
        try:
            yield from_json(line)
        except (ValueError, TypeError, KeyError) as error:
            raise SegmentError(f"{path.name} holds a line that is no event") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
