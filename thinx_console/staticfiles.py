"""How collected static files are named and compressed."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

LARGE = 600_000
NEVER_SENT = ("map",)


class ConsoleCompressor(Compressor):
    """Full compression for what every page loads, quick compression for the API explorer.

    Brotli's last two levels cost 30 times the time of the one before for a tenth in size; on
    megabytes that nobody waits for they made up most of a first start. Source maps, which only
    a debugger asks for, stay as they are.
    """

    SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, *NEVER_SENT)

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data compressed as far as is worth its time."""
        return brotli.compress(data, quality=9 if len(data) > LARGE else 11)


class ConsoleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash, and a .br and .gz beside each file."""

    def create_compressor(self, **options: Any) -> Compressor:
        """Return the compressor; `extensions` is unset unless a setting asks for others."""
        return ConsoleCompressor(**options)
