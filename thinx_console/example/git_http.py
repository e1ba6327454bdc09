"""Git's smart HTTP protocol, reading only, for the bundled repositories and no others."""

from __future__ import annotations

import re
import subprocess
import threading
import zlib
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from thinx_console.example.bare import git_environment, repository

SERVICE = "git-upload-pack"
SECONDS = 20
LONGEST_REQUEST = 1 << 20
PROTOCOL = re.compile(r"version=[0-2]\Z")
# A clone takes milliseconds; strangers must not be able to start any number of processes.
_at_once = threading.BoundedSemaphore(4)


@require_GET
@never_cache
def info_refs(request: HttpRequest, name: str) -> HttpResponse:
    """Say what the repository has."""
    path = _repository(name)
    if request.GET.get("service") != SERVICE:
        return _refuse(403, "These repositories can only be cloned by git's smart protocol.")
    protocol = _protocol(request)
    answer = _upload_pack(path, protocol, b"", "--advertise-refs")
    if answer.status_code == 200:
        answer.headers["Content-Type"] = f"application/x-{SERVICE}-advertisement"
        if protocol != "version=2":
            answer.content = b"001e# service=git-upload-pack\n0000" + answer.content
    return answer


@csrf_exempt
@require_POST
@never_cache
def upload_pack(request: HttpRequest, name: str) -> HttpResponse:
    """Send what the other side lacks."""
    path = _repository(name)
    if request.content_type != f"application/x-{SERVICE}-request":
        return _refuse(415, f"Only application/x-{SERVICE}-request is understood here.")
    body = _body(request)
    if body is None:
        return _refuse(413, "The request is too large or cannot be unpacked.")
    return _upload_pack(path, _protocol(request), body)


def _repository(name: str) -> Path:
    if not settings.EMBEDDED:
        raise Http404
    try:
        return repository(name)
    except KeyError:
        raise Http404 from None


def _protocol(request: HttpRequest) -> str:
    wanted = request.headers.get("Git-Protocol", "")
    return wanted if PROTOCOL.match(wanted) else ""


def _body(request: HttpRequest) -> bytes | None:
    """Return the unpacked body, or None when it is too large or broken."""
    data = request.read(LONGEST_REQUEST + 1)
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding in {"gzip", "x-gzip"}:
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, LONGEST_REQUEST + 1)
        except zlib.error:
            return None
    elif encoding != "identity":
        return None
    return data if len(data) <= LONGEST_REQUEST else None


def _upload_pack(path: Path, protocol: str, body: bytes, *options: str) -> HttpResponse:
    if not _at_once.acquire(timeout=SECONDS):
        return _refuse(503, "Too many clones at once. Try again in a moment.")
    try:
        done = subprocess.run(
            ["git", "upload-pack", "--strict", "--stateless-rpc", *options, str(path)],
            env=git_environment(**({"GIT_PROTOCOL": protocol} if protocol else {})),
            input=body,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _refuse(503, "git does not answer on this machine.")
    finally:
        _at_once.release()
    if done.returncode and not done.stdout:
        return _refuse(400, "git did not understand the request.")
    return HttpResponse(done.stdout, content_type=f"application/x-{SERVICE}-result")


def _refuse(status: int, text: str) -> HttpResponse:
    return HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8")
