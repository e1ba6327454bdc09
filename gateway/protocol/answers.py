"""Composing what devices are told: compact, flat, `registration` first, small.

The C++ libraries look for the text ``{"registration"``, cut it at the first ``}}`` and copy it
into 512 bytes. So a closing brace inside a value is written as ``\\u007d``, and what is too long
gives way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from gateway.protocol.errors import STATUS_FIRMWARE_UPDATE, STATUS_OK, UPDATE_FAILED

MAX_ANSWER_BYTES = 499
# Platforms of the ESP8266 and ESP32 libraries.
CPLUSPLUS = ("arduino", "platformio", "esp")


def registered(
    *, owner: str, alias: str, udid: str, iv: str, timestamp: int, meshes: Iterable[str] = ()
) -> bytes:
    """Answer a device that is new."""
    required = {
        "success": True,
        "owner": owner,
        "alias": alias,
        "udid": udid,
        "iv": iv,
        "status": STATUS_OK,
        "meshes": list(meshes),
        "timestamp": timestamp,
    }
    return _fit(required)


def checked_in(
    *,
    owner: str,
    alias: str,
    udid: str,
    auto_update: bool,
    timestamp: int,
    mesh_ids: Iterable[str] = (),
) -> bytes:
    """Answer a known device for which there is nothing to install."""
    required = {
        "success": True,
        "status": STATUS_OK,
        "auto_update": auto_update,
        "owner": owner,
        "alias": alias,
        "mesh_ids": list(mesh_ids),
        "udid": udid,
        "timestamp": timestamp,
    }
    return _fit(required)


def firmware_update(
    *,
    alias: str,
    udid: str,
    ott: str,
    mac: str,
    version: str,
    timestamp: int,
    mesh_ids: Iterable[str] = (),
    hints: Mapping[str, str] | None = None,
) -> bytes:
    """Answer a device that should fetch new firmware with a one-time token.

    `hints` (url, owner, md5, hash, commit) are said as far as there is room for them.
    """
    required = {
        "success": True,
        "status": STATUS_FIRMWARE_UPDATE,
        "auto_update": True,
        "alias": alias,
        "mesh_ids": list(mesh_ids),
        "udid": udid,
        "timestamp": timestamp,
        "ott": ott,
        "mac": mac,
        "version": version,
    }
    return _fit(required, hints)


def with_configuration(registration: bytes, configuration: bytes, platform: str) -> bytes:
    """Answer a check-in with configuration.

    The C++ libraries take one message from an answer, by the word in it that comes last, and want
    it at the start; all others read JSON and need the registration.
    """
    if platform.startswith(CPLUSPLUS):
        return configuration
    return registration[:-1] + b"," + configuration[1:]


def token(ott: str) -> bytes:
    """Answer a device that asked for a one-time token."""
    return _dump({"ott": ott})


def refused(response: str) -> bytes:
    """Answer with one of the known words of refusal."""
    return _dump({"success": False, "response": response})


def accepted(response: str) -> bytes:
    """Answer that something was taken."""
    return _dump({"success": True, "response": response})


def nothing_to_install(status: str) -> bytes:
    """Answer a question for firmware when there is none to give."""
    return _dump({"success": False, "status": status})


def update_failed() -> bytes:
    """Answer a check-in that could not be stored."""
    reason = {"registration": {"success": False, "response": UPDATE_FAILED}}
    return _dump({"success": False, "response": reason})


def sigfox_downlink(mac: str, status: str) -> bytes:
    """Answer a Sigfox message that waits for its eight bytes."""
    return _dump({mac.removeprefix("SIGFOX"): {"downlinkData": status[:16]}})


def _fit(required: dict[str, Any], optional: Mapping[str, str] | None = None) -> bytes:
    """Give what must be said, then as much of the rest as there is room for."""
    whole = _registration(required)
    if len(whole) <= MAX_ANSWER_BYTES and not optional:
        return whole
    answer = dict(required)
    for list_name in {"meshes", "mesh_ids"} & answer.keys():
        answer[list_name] = []
    for text_name in ("alias", "version", "mac"):
        if text_name in answer:
            answer[text_name] = _shorten(answer, text_name, required[text_name])
    for list_name in {"meshes", "mesh_ids"} & answer.keys():
        for item in required[list_name]:
            longer = {**answer, list_name: [*answer[list_name], item]}
            if not _fits(longer):
                break
            answer = longer
    for name, value in (optional or {}).items():
        if value and _fits({**answer, name: value}):
            answer[name] = value
    return _registration(answer)


def _shorten(answer: dict[str, Any], name: str, value: str) -> str:
    while value and not _fits({**answer, name: value}):
        value = value[:-1]
    return value


def _fits(answer: dict[str, Any]) -> bool:
    return len(_registration(answer)) <= MAX_ANSWER_BYTES


def _registration(answer: dict[str, Any]) -> bytes:
    said = _dumped({"registration": answer})
    if said.count(b"}") == 2 and _BRACE_BYTES not in said:  # as nearly all: no value has a brace
        return said
    return _dump({"registration": {k: _escape(v) for k, v in answer.items()}})


_BRACE = "\ue07d"  # private use: stands for a closing brace until the text is composed
_BRACE_BYTES = _BRACE.encode()


def _escape(value: Any) -> Any:
    return value.replace(_BRACE, "").replace("}", _BRACE) if isinstance(value, str) else value


def _dump(content: dict[str, Any]) -> bytes:
    return _dumped(content).replace(_BRACE_BYTES, b"\\u007d")


def _dumped(content: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(content)
    except TypeError:  # half of a surrogate pair, which is no UTF-8
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")
