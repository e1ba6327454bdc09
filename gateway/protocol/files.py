"""Firmware that is a set of files with text in them, as the interpreting platforms take it."""

from __future__ import annotations

import json

# These read `{"type":"file","files":[…]}`; all others take the bytes of one image.
FILE_PLATFORMS = {"nodemcu", "micropython", "mongoose", "nodejs"}
# Their library asks for an update at the `url` it was given, by POST and without a body.
ASK_BY_URL = {"nodemcu"}


def base_platform(platform: str) -> str:
    """Return the name of a platform without its processor."""
    return platform.partition(":")[0]


def takes_files(platform: str) -> bool:
    """Tell whether devices of a platform take files."""
    return base_platform(platform) in FILE_PLATFORMS


def as_files(name: str, content: bytes) -> bytes | None:
    """Return one file as the answer that such a device installs; None when it is not text."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    answer = {"type": "file", "files": [{"name": name, "data": text}]}
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()
