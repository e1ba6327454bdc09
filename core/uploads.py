"""Uploads are bounded before anything of them is kept."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST = 6 * 1024 * 1024


class BoundedUploadHandler(FileUploadHandler):
    """Comes first: refuses a form whose body is, or turns out to be, larger than any form needs."""

    received = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> None:
        """Refuse by what is announced."""
        if content_length > LARGEST:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Refuse by what has come; pass on the rest."""
        self.received += len(raw_data)
        if self.received > LARGEST:
            raise RequestDataTooBig
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that follow."""
