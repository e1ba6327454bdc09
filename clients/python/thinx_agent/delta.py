"""Putting new firmware together from the one that runs and a delta.

The format is the sequential patch of detools with LZMA. A delta is never trusted: what comes out
is held against the signed manifest like any download.
"""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from thinx_agent.errors import Refused

CHUNK = 1 << 14
SEQUENTIAL_LZMA = 0x01


class BadDelta(Refused):
    """The delta cannot be applied; the whole firmware still can be fetched."""


def apply(base: Path, patch: Path, target: Path, *, size: int) -> None:
    """Write `target` of exactly `size` bytes. Raises `BadDelta`."""
    try:
        with base.open("rb") as old, patch.open("rb") as source, target.open("wb") as new:
            _apply(old, source, new, size)
            new.flush()
            os.fsync(new.fileno())
    except (OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise BadDelta(f"the delta cannot be applied: {error}") from error


def _apply(old: IO[bytes], source: IO[bytes], new: IO[bytes], size: int) -> None:
    if source.read(1) != bytes([SEQUENTIAL_LZMA]):
        raise ValueError("it is of another kind")
    if _number(source.read) != size:
        raise ValueError("it makes a file of another size")
    if not size:
        return
    stream = _Stream(source)
    if _number(stream.read) != 0:
        raise ValueError("it has a data format")
    done = 0
    while done < size:
        for difference in stream.run(size - done):
            new.write(_sum(difference, old.read(len(difference))))
            done += len(difference)
        for inserted in stream.run(size - done):
            new.write(inserted)
            done += len(inserted)
        old.seek(max(0, old.tell() + _number(stream.read)))


def _sum(difference: bytes, old: bytes) -> bytes:
    if len(old) != len(difference):
        raise ValueError("it is for another firmware")
    if not any(difference):
        return old
    return bytes((a + b) & 0xFF for a, b in zip(difference, old, strict=True))


def _number(read: object) -> int:
    byte = _byte(read)
    value, sign, shift = byte & 0x3F, byte & 0x40, 6
    while byte & 0x80:
        if shift > 62:
            raise ValueError("a number is too long")
        byte = _byte(read)
        value |= (byte & 0x7F) << shift
        shift += 7
    return -value if sign else value


def _byte(read: object) -> int:
    found = read(1)  # type: ignore[operator]
    if not found:
        raise EOFError("it ends too early")
    return found[0]


class _Stream:
    """The LZMA stream of a delta, read in pieces of bounded size."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._lzma = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=64 << 20)

    def read(self, size: int) -> bytes:
        """Return exactly so many bytes."""
        found = b""
        while len(found) < size:
            if self._lzma.eof:
                raise EOFError("it ends too early")
            fresh = self._source.read(CHUNK) if self._lzma.needs_input else b""
            if not fresh and self._lzma.needs_input:
                raise EOFError("it ends too early")
            found += self._lzma.decompress(fresh, size - len(found))
        return found

    def run(self, most: int) -> Iterator[bytes]:
        """Yield a run of bytes after its length, in pieces."""
        left = _number(self.read)
        if not 0 <= left <= most:
            raise ValueError("a run is longer than the firmware")
        while left:
            piece = self.read(min(CHUNK, left))
            left -= len(piece)
            yield piece
