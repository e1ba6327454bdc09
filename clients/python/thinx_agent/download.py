"""Fetching firmware into a file, going on where a broken download ended."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thinx_agent import verify
from thinx_agent.errors import Refused, TransportError
from thinx_agent.store import read_json, remove, write_json
from thinx_agent.transport import Console, Response

log = logging.getLogger("thinx_agent")

CHUNK = 1 << 16
SYNC_EVERY = 1 << 20
TRIES = 5
NOTES = {
    "firmware": "x-THiNX-Firmware",
    "commit": "x-THiNX-Commit",
    "env_hash": "x-THiNX-Env-Hash",
}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@dataclass
class Download:
    """A complete, verified firmware file that waits to be installed."""

    path: Path
    manifest: verify.Manifest
    public_key: bytes


@dataclass
class Checks:
    """What a download is held against."""

    public_key: Callable[[str], bytes]
    manifest: Callable[[verify.Manifest], None]
    max_size: int


class Downloader:
    """Downloads into `folder`, which keeps an unfinished file and what it is a part of."""

    def __init__(self, console: Console, folder: Path, pause: Callable[[int], bool]) -> None:
        self._console = console
        self._pause = pause
        folder.mkdir(parents=True, exist_ok=True)
        self._part = folder / "firmware.part"
        self._note = folder / "firmware.json"

    def fetch(self, ott: str, checks: Checks) -> Download:
        """Return verified firmware. Raises `Refused` or `TransportError`.

        Continues after a broken connection, here and in a later run, by Range and If-Range.
        """
        for attempt in range(TRIES):
            try:
                return self._attempt(ott, checks)
            except TransportError as error:
                if attempt + 1 == TRIES or error.retry_after or not self._pause(attempt):
                    raise
                log.warning("%s; going on at byte %d", error, self._size())
            except Refused:
                self.discard()
                raise
        raise TransportError("the firmware could not be downloaded")

    def discard(self) -> None:
        """Forget an unfinished download."""
        remove(self._note)
        remove(self._part)

    def _attempt(self, ott: str, checks: Checks) -> Download:
        etag = str(read_json(self._note).get("etag", ""))
        offset = self._size() if etag else 0
        with self._console.firmware(ott, offset=offset, etag=etag) as response:
            if response.status == 416:
                self.discard()
                raise TransportError("the unfinished download no longer fits")
            if response.status not in {200, 206}:
                text = response.body(4096).decode("utf-8", "replace")[:100]
                raise Refused(f"the console gave no firmware: {response.status} {text}")
            if "octet-stream" not in response.headers.get("Content-Type", ""):
                text = response.body(4096).decode("utf-8", "replace")[:100]
                raise Refused(f"the console gave no firmware: {text}")
            key = checks.public_key(response.headers.get("x-THiNX-Public-Key", ""))
            manifest = self._manifest(response, key)
            checks.manifest(manifest)
            if manifest.size > checks.max_size:
                raise Refused(f"the firmware is too large: {manifest.size} bytes", permanent=True)
            self._receive(response, offset, manifest)
            self._check(response, manifest)
        return Download(self._part, manifest, key)

    def _manifest(self, response: Response, key: bytes) -> verify.Manifest:
        raw = verify.decode(response.headers.get("x-THiNX-Manifest"), "the manifest")
        signature = verify.decode(response.headers.get("x-THiNX-Signature"), "the signature")
        notes = {name: response.headers.get(header, "")[:128] for name, header in NOTES.items()}
        return verify.Manifest.parse(raw, signature, key, notes)

    def _receive(self, response: Response, offset: int, manifest: verify.Manifest) -> None:
        if response.status == 200:
            offset = 0
        else:
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if not found or int(found[1]) != offset or int(found[3]) != manifest.size:
                self.discard()
                raise TransportError("the console sent another part than asked for")
            log.info("continuing the download at byte %d of %d", offset, manifest.size)
        if offset == 0:
            self.discard()
            write_json(self._note, {"etag": response.headers.get("ETag", "")})
        self._append(response, offset, manifest.size)

    def _append(self, response: Response, offset: int, size: int) -> None:
        with self._part.open("ab") as file:
            file.truncate(offset)
            unsynced = 0
            while offset < size:
                chunk = response.read(min(CHUNK, size - offset))
                if not chunk:
                    break
                file.write(chunk)
                offset += len(chunk)
                unsynced += len(chunk)
                if unsynced >= SYNC_EVERY:
                    unsynced = 0
                    file.flush()
                    os.fsync(file.fileno())
            file.flush()
            os.fsync(file.fileno())
        if offset < size:
            raise TransportError(f"the connection ended at byte {offset} of {size}")

    def _check(self, response: Response, manifest: verify.Manifest) -> None:
        headers = response.headers
        if not verify.same(headers.get("x-SHA256", ""), manifest.sha256):
            raise Refused("the SHA-256 in the answer is not the one that was signed")
        verify.check_content(self._part, manifest, headers.get("x-MD5", ""))

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0
