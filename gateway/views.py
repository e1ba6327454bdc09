"""The HTTP side of the device protocol, at the root of the server."""

from __future__ import annotations

from dataclasses import replace
from typing import IO

from django.http import HttpRequest, HttpResponseBase

from accounts.actor import Actor, client_address
from builds.models import Artifact
from builds.services.tokens import token_find
from devices.models import Device
from fleet.rollouts.checkins import deltas_allowed
from gateway import services
from gateway.callers import Caller, caller_of, caller_without_owner, note_without_key
from gateway.configuring import After
from gateway.deltas import delta_response
from gateway.downloads import (
    Progress,
    files_response,
    firmware_response,
    open_artifact,
    with_headers,
)
from gateway.endpoint import JSON, TEXT, device_endpoint, read_body, reply
from gateway.outcomes import Offer, download_begun, note_downloaded
from gateway.protocol import answers
from gateway.protocol.errors import (
    AUTHENTICATION,
    AUTHENTICATION_ERROR,
    MISSING_MAC,
    NO_SUCH_DEVICE,
    OTT_KEY_NOT_VALID,
    OTT_MISSING,
    OTT_UPDATE_NOT_AVAILABLE,
    OTT_UPDATE_NOT_FOUND,
    PUSH_REGISTERED,
    UPDATE_NOT_FOUND,
    ProtocolError,
)
from gateway.protocol.files import takes_files
from gateway.protocol.requests import (
    FirmwareRequest,
    Registration,
    parse_firmware_request,
    parse_push,
    parse_registration,
)


@device_endpoint("POST")
def register(request: HttpRequest) -> HttpResponseBase:
    """Register a device or check it in."""
    registration = parse_registration(read_body(request))
    caller = _caller(request, registration, AUTHENTICATION_ERROR)
    if not registration.mac_sent and registration.report.udid is None:
        raise ProtocolError(MISSING_MAC, 200)
    after: After = []
    return reply(services.check_in(caller, registration, after), after=after)


@device_endpoint("GET", "HEAD", "POST", close=True)
def firmware(request: HttpRequest) -> HttpResponseBase:
    """Give firmware: by token to anybody who has it, or to a device with its key."""
    if request.method == "POST" and "ott" not in request.GET:
        return _ask_firmware(request)
    return _fetch_firmware(request)


@device_endpoint("POST")
def addpush(request: HttpRequest) -> HttpResponseBase:
    """Take a device's push token."""
    asked = parse_push(read_body(request))
    presented = request.headers.get("Authentication", "")
    caller = caller_without_owner(presented, address=client_address(request))
    if caller is None:
        return reply(b"", status=403)
    services.take_push_token(caller, asked)
    return reply(answers.accepted(PUSH_REGISTERED))


def _fetch_firmware(request: HttpRequest) -> HttpResponseBase:
    text = request.GET.get("ott", "")
    if not text:
        return reply(answers.refused(OTT_MISSING))
    token = token_find(text)
    if token is None:
        return reply(OTT_UPDATE_NOT_FOUND, status=404, content_type=TEXT)
    may_be_delta = deltas_allowed(token.device)
    response = delta_response(request, token.artifact, token.device) if may_be_delta else None
    if response is not None:
        with_headers(response, token.artifact, token.device)
        if response.status_code == 226:
            Progress(token.artifact, token.device).note(token.artifact.size)
    else:
        file = open_artifact(token.artifact)
        if file is None:
            return reply(OTT_UPDATE_NOT_AVAILABLE, status=404, content_type=TEXT)
        response = _payload(request, token.artifact, token.device, file)
    if request.method != "HEAD" and response.status_code in {200, 206, 226}:
        actor = replace(Actor.named_system("device gateway"), address=client_address(request))
        download_begun(actor, token)
    return response


def _ask_firmware(request: HttpRequest) -> HttpResponseBase:
    asked = parse_firmware_request(read_body(request))
    if not asked.wants_token and not asked.mac_sent:
        raise ProtocolError(MISSING_MAC, 200)
    try:
        caller = _caller(request, asked, AUTHENTICATION)
    except ProtocolError:
        if asked.wants_token:
            return reply(OTT_KEY_NOT_VALID, content_type=TEXT)
        raise
    try:
        if asked.wants_token:
            return reply(services.firmware_token(caller, asked))
        found = services.firmware_for(caller, asked)
    except ProtocolError as error:
        if error.response == NO_SUCH_DEVICE:
            return reply(NO_SUCH_DEVICE, content_type=TEXT)
        raise
    return reply(found) if isinstance(found, bytes) else _give(request, caller, found)


def _give(request: HttpRequest, caller: Caller, offer: Offer) -> HttpResponseBase:
    file = open_artifact(offer.artifact)
    if file is None:
        return reply(answers.nothing_to_install(UPDATE_NOT_FOUND))
    response = _payload(request, offer.artifact, offer.device, file)
    if response.status_code in {200, 206}:
        note_downloaded(caller.actor, offer)
    return response


def _payload(
    request: HttpRequest, artifact: Artifact, device: Device, file: IO[bytes]
) -> HttpResponseBase:
    """Return the bytes, or for who asks for files (by POST) the answer with files in it."""
    if request.method != "POST":
        return firmware_response(request, artifact, device, file)
    if artifact.name.endswith(".json"):  # firmware as files is an answer by itself
        response = firmware_response(request, artifact, device, file)
        response["Content-Type"] = JSON
        return response
    wrapped = files_response(artifact, device, file) if takes_files(device.platform) else None
    return wrapped or firmware_response(request, artifact, device, file)


def _caller(request: HttpRequest, sent: Registration | FirmwareRequest, without_key: str) -> Caller:
    presented = request.headers.get("Authentication")
    if not presented:
        note_without_key(sent.owner, address=client_address(request))
        raise ProtocolError(without_key, 200)
    return caller_of(
        presented,
        owner=sent.owner,
        owner_sent=sent.owner_sent,
        address=client_address(request),
    )
