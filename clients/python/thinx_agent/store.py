"""Files that survive a power cut: written aside, flushed, then renamed into place."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO

from thinx_agent.errors import ConfigError

REMEMBERED_REJECTIONS = 8


def write_atomic(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Replace a file by new content, all of it or nothing; `mode` is for a new file."""
    aside = path.with_name(path.name + ".new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, content: dict) -> None:
    """Replace a file by a JSON object, all of it or nothing."""
    write_atomic(path, json.dumps(content, indent=1, sort_keys=True).encode())


def read_json(path: Path) -> dict:
    """Return the JSON object of a file; empty when there is none or it is not readable."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def lock_folder(folder: Path) -> IO[bytes]:
    """Hold a folder for this process alone, until the returned file is closed."""
    file = (folder / "agent.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigError(f"another agent is running on {folder}") from error
    return file


@dataclass
class State:
    """What the device knows about itself from one start to the next."""

    udid: str = ""
    owner: str = ""
    alias: str = ""
    mac: str = ""
    version: str = ""
    firmware: str = ""
    commit: str = ""
    env_hash: str = ""
    status: str = ""
    rejected: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> State:
        """Read the state; what is missing or of a wrong kind starts afresh."""
        content, result = read_json(path), cls()
        for item in fields(cls):
            value = content.get(item.name)
            if type(value) is type(getattr(result, item.name)):
                setattr(result, item.name, value)
        return result

    def save(self, path: Path) -> None:
        """Write the state; only when it differs, to spare flash memory."""
        content = asdict(self)
        if read_json(path) != content:
            write_json(path, content)

    def reject(self, sha256: str) -> None:
        """Remember firmware that must not be tried again."""
        kept = [known for known in self.rejected if known != sha256]
        self.rejected = [*kept, sha256][-REMEMBERED_REJECTIONS:]
