"""The sequential patch format of detools, with LZMA: what its own client libraries apply.

A header byte (kind and compression), the size of the new file, then one LZMA stream: a zero (no
data format), and for each run of the difference the length and bytes to add to the old file, the
length and bytes to insert, and how far to move in the old file. `bsdiff4` finds the runs; detools
itself is compiled where it is installed, which a bare machine cannot.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator

from bsdiff4 import core

SEQUENTIAL, LZMA = 0, 1


def delta_of(base: bytes, target: bytes) -> bytes:
    """Return the patch from one file to the other. Takes about 17 bytes of memory for each."""
    head = bytes([SEQUENTIAL << 4 | LZMA]) + packed(len(target))
    if not target:
        return head
    packer = lzma.LZMACompressor(format=lzma.FORMAT_ALONE)
    body = b"".join(packer.compress(piece) for piece in _pieces(base, target))
    return head + body + packer.flush()


def packed(number: int) -> bytes:
    """Return a signed number: six bits and the sign first, then seven bits for each byte."""
    sign, rest = (0x40, -number) if number < 0 else (0, number)
    found = [sign | rest & 0x3F]
    rest >>= 6
    while rest:
        found[-1] |= 0x80
        found.append(rest & 0x7F)
        rest >>= 7
    return bytes(found)


def _pieces(base: bytes, target: bytes) -> Iterator[bytes]:
    control, added, inserted = core.diff(base, target)
    add_at = insert_at = 0
    yield packed(0)
    for add, insert, move in _runs(control):
        yield packed(add) + added[add_at : add_at + add]
        yield packed(insert) + inserted[insert_at : insert_at + insert]
        yield packed(move)
        add_at, insert_at = add_at + add, insert_at + insert


def _runs(control: bytes) -> Iterator[tuple[int, int, int]]:
    numbers = (core.decode_int64(control[n : n + 8]) for n in range(0, len(control), 8))
    return zip(numbers, numbers, numbers, strict=True)
