"""Fetching firmware into a file, going on where a broken download ended."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thinx_agent import delta, verify
from thinx_agent.errors import Refused, TransportError
from thinx_agent.store import read_json, remove, write_json
from thinx_agent.transport import Console, Response

log = logging.getLogger("thinx_agent")

CHUNK = 1 << 16
SYNC_EVERY = 1 << 20
TRIES = 5
# The console is asked at once and after 1.6, 3.2, 6.4 and 12.8 s; then the delta is not waited for.
DELTA_ASKED = 5
DELTA_PATIENCE = 3
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
class Base:
    """The firmware that runs, to which a delta may be applied."""

    path: Path
    sha256: str


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
        self._delta = folder / "firmware.delta"

    def fetch(self, ott: str, checks: Checks, base: Base | None = None) -> Download:
        """Return verified firmware. Raises `Refused` or `TransportError`.

        As a delta to `base` where the console has one. Continues after a broken connection, here
        and in a later run, by Range and If-Range.
        """
        for attempt in range(TRIES):
            try:
                return self._attempt(ott, checks, base)
            except delta.BadDelta as error:
                log.warning("%s; fetching the whole", error)
                self.discard()
                base = None
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
        remove(self._delta)

    def _put_together(self, response: Response, manifest: verify.Manifest, base: Base) -> None:
        if response.headers.get("Delta-Base") != f'"{base.sha256}"':
            raise delta.BadDelta("the delta is to another firmware")
        length = response.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > manifest.size:
            raise delta.BadDelta("the delta is larger than the firmware")
        patch = response.body(manifest.size)
        self._delta.write_bytes(patch)
        delta.apply(base.path, self._delta, self._part, size=manifest.size)
        remove(self._delta)
        try:
            self._check(response, manifest)
        except Refused as error:
            raise delta.BadDelta(f"the delta makes something else: {error}") from error
        log.info("put together from a delta of %d bytes, not %d", len(patch), manifest.size)

    def _promised(self, response: Response, checks: Checks) -> tuple[bytes, verify.Manifest]:
        """Return the key and what it signed, if this device may have it. Raises `Refused`."""
        key = checks.public_key(response.headers.get("x-THiNX-Public-Key", ""))
        manifest = self._manifest(response, key)
        checks.manifest(manifest)
        if manifest.size > checks.max_size:
            raise Refused(f"the firmware is too large: {manifest.size} bytes", permanent=True)
        return key, manifest

    def _attempt(self, ott: str, checks: Checks, base: Base | None) -> Download:
        etag = str(read_json(self._note).get("etag", ""))
        offset = self._size() if etag else 0
        base = None if offset else base
        with self._answer(ott, offset, etag, base) as response:
            if response.status == 416:
                self.discard()
                raise TransportError("the unfinished download no longer fits")
            self._require_firmware(response)
            key, manifest = self._promised(response, checks)
            if response.status == 226 and base is not None:
                self._put_together(response, manifest, base)
            else:
                self._receive(response, offset, manifest)
                self._check(response, manifest)
        return Download(self._part, manifest, key)

    def _answer(self, ott: str, offset: int, etag: str, base: Base | None) -> Response:
        """Ask, and ask again while a delta is made; after that, for the whole."""
        for asked in range(DELTA_ASKED if base else 0):
            response = self._console.firmware(ott, base=base.sha256 if base else "")
            if response.status != 202:
                return response
            response.close()
            if not self._pause(DELTA_PATIENCE + asked):
                break
        return self._console.firmware(ott, offset=offset, etag=etag)

    def _require_firmware(self, response: Response) -> None:
        is_firmware = "octet-stream" in response.headers.get("Content-Type", "")
        if response.status not in {200, 206, 226} or not is_firmware:
            text = response.body(4096).decode("utf-8", "replace")[:100]
            raise Refused(f"the console gave no firmware: {response.status} {text}")

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
