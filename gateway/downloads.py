"""Firmware over HTTP: exact lengths, digests, signature, and parts of a file."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import AsyncIterator
from typing import IO

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from builds.models import Artifact, SigningKey
from builds.offers import goes_back
from builds.services.signing import manifest_for
from devices.models import Device
from fleet.rollouts.checkins import download_noted, may_go_back
from gateway.protocol.files import as_files

logger = logging.getLogger(__name__)

CHUNK = 1 << 18
# A rollout is told of a long download after each of these.
NOTED = 1 << 20
# Up to this many bytes an answer is one piece, which small devices like best.
ONE_PIECE = 1 << 20
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_SKETCH_MD5 = ("x-ESP8266-sketch-md5", "x-ESP32-sketch-md5")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


class Unsatisfiable(Exception):
    """A range that lies outside the file."""


def open_artifact(artifact: Artifact) -> IO[bytes] | None:
    """Return the file of an artifact, or None when it is gone or not what was published."""
    try:
        file = default_storage.open(artifact.file)
    except (OSError, ValueError) as error:
        logger.error("artifact %s cannot be opened: %s", artifact.uid, error)
        return None
    if file.size != artifact.size:
        logger.error("artifact %s has %s bytes, not %s", artifact.uid, file.size, artifact.size)
        file.close()
        return None
    return file  # type: ignore[return-value]


def firmware_response(
    request: HttpRequest, artifact: Artifact, device: Device, file: IO[bytes]
) -> HttpResponseBase:
    """Return the file, or the part that was asked for, or 304 or 416."""
    etag = f'"{artifact.sha256}"'
    try:
        if _has_it(request, artifact, etag):
            file.close()
            return with_headers(HttpResponse(status=304), artifact, device)
        start, stop, status = _span(request, artifact.size, etag)
    except Unsatisfiable:
        file.close()
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{artifact.size}"
        return with_headers(response, artifact, device)
    progress = Progress(artifact, device)
    answer = _body(request, file, (start, stop), status, progress)
    answer["Content-Length"] = str(stop - start)
    if status == 206:
        answer["Content-Range"] = f"bytes {start}-{stop - 1}/{artifact.size}"
    return with_headers(answer, artifact, device)


class Progress:
    """Tells the rollout that a device is in, if it is in one, how far its download came."""

    def __init__(self, artifact: Artifact, device: Device) -> None:
        self._artifact, self._device = artifact, device
        self._noted = -1

    def note(self, sent: int) -> None:
        """Note that the first `sent` bytes left; every so often and at the end."""
        is_whole = sent == self._artifact.size
        if self._noted >= 0 and sent < self._noted + NOTED and not is_whole:
            return
        self._noted = sent
        build = self._artifact.build_id
        download_noted(self._device.pk, build, sent=sent, is_whole=is_whole)


def files_response(artifact: Artifact, device: Device, file: IO[bytes]) -> HttpResponse | None:
    """Return one file of text as the answer that file platforms install; None for other files.

    Its digest is that of the answer; the signature is over the file and would not fit.
    """
    content = None
    if artifact.size <= ONE_PIECE:
        content = as_files(artifact.name, file.read())
        file.seek(0)
    if content is None:
        return None
    file.close()
    Progress(artifact, device).note(artifact.size)
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Length"] = str(len(content))
    response["x-MD5"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return response


def _body(
    request: HttpRequest,
    file: IO[bytes],
    span: tuple[int, int],
    status: int,
    progress: Progress,
) -> HttpResponseBase:
    start, stop = span
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status)
    if stop - start <= ONE_PIECE:
        with file:
            file.seek(start)
            content = file.read(stop - start)
        progress.note(stop)
        return HttpResponse(content, status=status)
    return StreamingHttpResponse(_chunks(file, start, stop, progress), status=status)


async def _chunks(
    file: IO[bytes], start: int, stop: int, progress: Progress
) -> AsyncIterator[bytes]:
    try:
        await sync_to_async(file.seek)(start)
        await sync_to_async(progress.note)(start)
        while start < stop:
            chunk = await sync_to_async(file.read)(min(CHUNK, stop - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
            await sync_to_async(progress.note)(start)
    finally:
        file.close()


def _has_it(request: HttpRequest, artifact: Artifact, etag: str) -> bool:
    if any(request.headers.get(name, "").lower() == artifact.md5 for name in _SKETCH_MD5):
        return True
    known = request.headers.get("If-None-Match", "")
    return known.strip() == "*" or etag in (part.strip() for part in known.split(","))


def _span(request: HttpRequest, size: int, etag: str) -> tuple[int, int, int]:
    """Return (start, stop, status). What is not one plain byte range is ignored."""
    whole = (0, size, 200)
    asked = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or request.headers.get("If-Range", etag).strip() != etag:
        return whole
    first, last = asked[1], asked[2]
    if not first:
        if not last:
            return whole
        if int(last) == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size, 206
    start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < int(first):
        return whole
    if start >= size:
        raise Unsatisfiable
    return start, stop, 206


def with_headers(
    response: HttpResponseBase, artifact: Artifact, device: Device
) -> HttpResponseBase:
    """Add what is said of the whole firmware, whatever part of it the answer holds."""
    build = artifact.build
    is_downgrade = goes_back(artifact, device) and may_go_back(device)
    signed = manifest_for(artifact, device, is_downgrade=is_downgrade)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment; filename=firmware.bin",
        "Accept-Ranges": "bytes",
        "ETag": f'"{artifact.sha256}"',
        "x-MD5": artifact.md5,
        "x-SHA256": artifact.sha256,
        "x-THiNX-Manifest": base64.b64encode(signed.text).decode(),
        "x-THiNX-Signature": signed.signature,
        "x-THiNX-Key-Id": signed.key_id,
        "x-THiNX-Public-Key": _public_key(signed.key_id),
        "x-THiNX-Firmware": build.firmware,
        "x-THiNX-Version": build.version,
        "x-THiNX-Commit": build.commit,
        "x-THiNX-Env-Hash": build.env_hash,
    }
    for name, value in headers.items():
        response[name] = _NOT_ASCII.sub("?", value)
    return response


def _public_key(key_id: str) -> str:
    key = SigningKey.objects.filter(key_id=key_id).only("public_key").first()
    return key.public_key if key else ""
