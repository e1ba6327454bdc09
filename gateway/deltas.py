"""Firmware as a delta, for devices that say they can put it together.

By RFC 3229: the device asks with `A-IM: detools` and, in `If-None-Match`, the SHA-256 of the
firmware it runs; the answer is 226 with `IM` and `Delta-Base`. With `Prefer: respond-async`
(RFC 7240) it would rather come again than have the whole file while a delta is made: 202.
Every other header is that of the whole firmware, which is what was signed.
"""

from __future__ import annotations

import logging
import re

from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from builds.deltas.models import Delta, DeltaState
from builds.deltas.services import delta_ask
from builds.models import Artifact
from devices.models import Device

logger = logging.getLogger(__name__)

MANIPULATION = "detools"
ASK_AGAIN_SECONDS = 2
_ETAG = re.compile(r'\s*"([0-9a-f]{64})"\s*')


def delta_response(
    request: HttpRequest, artifact: Artifact, device: Device
) -> HttpResponseBase | None:
    """Return the delta, or 202 while it is made; None where the whole firmware is the answer."""
    if request.method != "GET" or "Range" in request.headers:
        return None
    if MANIPULATION not in _words(request.headers.get("A-IM", "")):
        return None
    base = _base(request, artifact, device)
    if base is None:
        return None
    delta = delta_ask(base=base, target=artifact)
    if delta.state == DeltaState.READY:
        return _given(delta, base)
    is_coming = delta.state in {DeltaState.WAITING, DeltaState.MAKING}
    if is_coming and "respond-async" in _words(request.headers.get("Prefer", "")):
        response = HttpResponse(status=202)
        response["Retry-After"] = f"{ASK_AGAIN_SECONDS}"
        response["Preference-Applied"] = "respond-async"
        return response
    return None


def _base(request: HttpRequest, artifact: Artifact, device: Device) -> Artifact | None:
    """Find what the device runs: among its own firmware and what was built for no device."""
    known = _ETAG.fullmatch(request.headers.get("If-None-Match", ""))
    if known is None or known[1] == artifact.sha256:
        return None
    rows = Artifact.objects.filter(organization=device.organization_id, is_firmware=True)
    mine = Q(build__device=device) | Q(build__device=None)
    return rows.filter(mine, sha256=known[1]).order_by("-pk").first()


def _given(delta: Delta, base: Artifact) -> HttpResponse | None:
    try:
        with default_storage.open(delta.file) as file:
            content = file.read()
    except OSError as error:
        logger.error("delta %s cannot be opened: %s", delta.pk, error)
        return None
    response = HttpResponse(content, status=226)
    response["Content-Length"] = f"{len(content)}"
    response["IM"] = MANIPULATION
    response["Delta-Base"] = f'"{base.sha256}"'
    return response


def _words(header: str) -> set[str]:
    return {word.partition(";")[0].strip().lower() for word in header.split(",")}
