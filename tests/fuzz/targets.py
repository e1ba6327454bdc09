"""What must hold for any bytes that a stranger sends: each target takes bytes and checks them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from devices.reports import LIMITS, DeviceReport
from devices.statuses import read_status
from devices.transformers.engine.child import run_carefully, run_plainly
from devices.transformers.engine.jobs import read_outcome
from devices.transformers.gallery import gallery
from devices.transformers.running import Link, Run
from gateway.protocol import answers
from gateway.protocol.errors import MALFORMED_PUSH, NO_BODY, REQUEST_INVALID, ProtocolError
from gateway.protocol.messages import Said, read_message
from gateway.protocol.requests import (
    Registration,
    parse_firmware_request,
    parse_push,
    parse_registration,
)
from gateway.protocol.topics import address_of

DOCUMENT = '{"alias": "probe", "tags": ["a"], "rssi": "-71", "lat": null}'
OWNER = re.compile(r"[a-z0-9]{64,128}")


def registration(data: bytes) -> None:
    """A body of `POST /device/register` is understood or refused with a known word."""
    found = _parsed(parse_registration, data, {(NO_BODY, 400), (REQUEST_INVALID, 400)})
    if found is not None:
        _check_registration(found)


def firmware(data: bytes) -> None:
    """So is one of `POST /device/firmware`."""
    found = _parsed(parse_firmware_request, data, {(NO_BODY, 400), (REQUEST_INVALID, 400)})
    if found is None:
        return
    assert found.owner is None or OWNER.fullmatch(found.owner)
    assert len(found.mac) <= 40
    for text, name in ((found.version, "version"), (found.env_hash, "env_hash")):
        _check_text(text, LIMITS[name])


def push(data: bytes) -> None:
    """So is one of `POST /device/addpush`, always with status 200."""
    found = _parsed(parse_push, data, {(NO_BODY, 200), (MALFORMED_PUSH, 200)})
    assert found is None or re.fullmatch(r"[A-Za-z0-9_:-]{1,255}", found.token)


def message(data: bytes) -> None:
    """A message of a status topic says something bounded, or nothing; it never raises."""
    found = read_message(data)
    assert isinstance(found, Said)
    _check_text(found.status, LIMITS["status"])
    _check_text(found.answer, 400)
    if found.status is not None:
        text, level = read_status(found.status)
        _check_text(text, LIMITS["status"])
        assert level in {"ok", "warning", "error"}
    if found.asked is not None:
        _check_text(found.asked.title, 200)
        _check_text(found.asked.body, 1000)
    if found.registration is not None:
        _check_registration(found.registration)


def topic(data: bytes) -> None:
    """A topic is one device's and says so again, or nobody's."""
    text = data.decode("utf-8", "replace")
    address = address_of(text)
    if address is not None and address.suffix:
        assert address.topic == text


def status(data: bytes) -> None:
    """What a device says goes through each ready transformer, and comes out bounded."""
    said = data.decode("utf-8", "replace").replace("\0", "")[: LIMITS["status"]]
    for example in gallery:
        _check_run(example.body, said)


def script(data: bytes) -> None:
    """Any text is a script that runs, or is refused with a sentence and a place inside it."""
    body = data.decode("utf-8", "replace").replace("\0", "")
    run = _check_run(body, '{"volts": 3.1}')
    assert run.outcome is not None
    assert 0 <= run.outcome.line <= body.count("\n") + 1


def _check_run(body: str, said: str) -> Run:
    run = Run(said, DOCUMENT, [Link(body)])
    for attempt in (run_plainly, run_carefully):
        run = Run(said, DOCUMENT, [Link(body)])
        run.take(read_outcome(run.job, *attempt(body, run.raw, DOCUMENT)))
        assert len(run.text) <= LIMITS["status"]
        assert not any(sign == "\0" or unicodedata.category(sign) == "Cs" for sign in run.text)
        assert run.level in {"ok", "warning", "error"}
        assert len(run.error) < 500
    return run


TARGETS: dict[str, Callable[[bytes], None]] = {
    "registration": registration,
    "firmware": firmware,
    "push": push,
    "script": script,
    "status": status,
    "message": message,
    "topic": topic,
}


def _parsed(parse: Callable[[bytes], Any], data: bytes, refusals: set[tuple[str, int]]) -> Any:
    """Return what was understood, or None for a refusal, which must be one of these."""
    try:
        return parse(data)
    except ProtocolError as error:
        refusal = error.response, error.status
    assert refusal in refusals
    return None


def _check_registration(found: Registration) -> None:
    report = found.report
    assert found.owner is None or OWNER.fullmatch(found.owner)
    assert len(found.owner_sent) <= 64
    for field in fields(DeviceReport):
        if field.name in LIMITS:
            _check_text(getattr(report, field.name), LIMITS[field.name])
    assert len(report.mac) <= 40
    assert report.lat is None or -90 <= report.lat <= 90
    assert report.lon is None or -180 <= report.lon <= 180
    _check_answers(report.alias or "", report.mac)


def _check_text(text: str | None, longest: int) -> None:
    assert text is None or len(text) <= longest
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text or "")
    (text or "").encode()


def _check_answers(alias: str, mac: str) -> None:
    """Whatever a device calls itself, the answer to it is one that small devices can read."""
    body = answers.firmware_update(
        alias=alias, udid="0" * 36, ott="f" * 64, mac=mac, version=alias, timestamp=1_700_000_000
    )
    assert len(body) < 500
    assert body.index(b"}}") == len(body) - 2
    assert list(json.loads(body)) == ["registration"]
