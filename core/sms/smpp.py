"""A message centre (SMSC) over SMPP 3.4, by smpplib."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from core.sms import SmsError, SmsGateway, gateways
from core.sms._alphabet import encode

try:
    import smpplib.client
    import smpplib.consts
    import smpplib.exceptions
    import smpplib.smpp
except ImportError:  # an optional requirement
    smpplib = None

PORTS = {"smpp": 2775, "smpps": 3550}
UDHI = 0x40
RECEIPT = 0x04
# Already bound, system error, queue full, throttled, temporary error of the other side.
PASSING = {0x05, 0x08, 0x14, 0x58, 0x64}
LOST = {"EXPIRED", "DELETED", "UNDELIV", "REJECTD"}
ARRIVED = {"DELIVRD", "ACCEPTD"}
# smpplib writes each PDU, text and password, to its debug log.
WIRE = "core.sms.smpp.wire"
logging.getLogger(WIRE).setLevel(logging.ERROR)


@gateways.register
class Smpp(SmsGateway):
    """Binds, submits each part, waits for its answer, unbinds.

    With THINX_SMS_SMPP_RECEIPT_SECONDS it also waits for the delivery receipt; one that says the
    message was lost is a permanent SmsError, none in time is not an error.
    """

    slug = "smpp"
    label = "SMPP"

    def faults(self) -> list[str]:
        """Say which settings, or that the library, are missing."""
        if smpplib is None:
            return ["smpplib is missing: pip install -r requirements/smpp.txt."]
        found = []
        parts = urlsplit(settings.SMS_URL)
        if parts.scheme not in PORTS or not parts.hostname:
            found.append("THINX_SMS_URL must read smpp://host:2775 or smpps://host:3550.")
        if not 0 < len(settings.SMS_USER) <= 15:
            found.append("THINX_SMS_USER must be a system id of at most 15 characters.")
        if len(settings.SMS_PASSWORD) > 8:
            found.append("THINX_SMS_PASSWORD has at most 8 characters in SMPP.")
        return found

    def send(self, to: str, text: str) -> str:
        """Submit the text; the reference is the message id of its first part."""
        encoded = encode(text)
        seconds = int(settings.SMS_SMPP["receipt_seconds"])
        with _errors(), _bound() as session:
            options = {
                **_sender(settings.SMS_FROM),
                **{"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": to[1:]},
                "data_coding": encoded.coding,
                "esm_class": UDHI if encoded.has_headers else 0,
                "registered_delivery": 1 if seconds else 0,
            }
            references = [session.submit(short_message=part, **options) for part in encoded.parts]
            session.await_receipts(references, seconds)
        return references[0]


class _Session:
    """One bound connection; answers what the other side asks in between."""

    def __init__(self, client: Any, wire: socket.socket) -> None:
        self.client = client
        self.wire = wire
        self.states: dict[str, str] = {}

    def submit(self, **message: Any) -> str:
        """Send one part and wait for its answer; return the message id."""
        sequence = self.client.send_message(**message).sequence
        deadline = time.monotonic() + settings.SMS_TIMEOUT
        while True:
            pdu = self._read(deadline)
            if pdu.sequence == sequence and pdu.command in {"submit_sm_resp", "generic_nack"}:
                _refuse_error(pdu)
                return _text(pdu.message_id)
            self._other(pdu)

    def await_receipts(self, references: list[str], seconds: int) -> None:
        """Wait until each part is known to have arrived; raise SmsError when one was lost."""
        deadline = time.monotonic() + seconds
        while seconds:
            states = {self.states.get(reference, "") for reference in references}
            if lost := states & LOST:
                raise SmsError(f"the network did not deliver it ({lost.pop()})", permanent=True)
            if states <= ARRIVED:
                return
            try:
                self._other(self._read(deadline))
            except (TimeoutError, smpplib.exceptions.ConnectionError):
                return

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        with contextlib.suppress(
            OSError, smpplib.exceptions.ConnectionError, smpplib.exceptions.PDUError
        ):
            self.wire.settimeout(2)
            self.client.unbind()
        self.client.state = smpplib.consts.SMPP_CLIENT_STATE_OPEN
        self.client.disconnect()

    def _read(self, deadline: float) -> Any:
        self.wire.settimeout(max(deadline - time.monotonic(), 0.01))
        return self.client.read_pdu()

    def _other(self, pdu: Any) -> None:
        """Answer a PDU that is not the answer to ours."""
        if pdu.command == "deliver_sm":
            self._note_receipt(pdu)
        if pdu.command in {"deliver_sm", "enquire_link"}:
            answer = smpplib.smpp.make_pdu(f"{pdu.command}_resp", client=self.client)
            answer.sequence = pdu.sequence
            self.client.send_pdu(answer)
        if pdu.command == "unbind":
            raise SmsError("the gateway ended the session", permanent=False)

    def _note_receipt(self, pdu: Any) -> None:
        said = _text(pdu.short_message)
        found = re.search(r"id:(\S+).*?stat:([A-Z]+)", said, re.IGNORECASE | re.DOTALL)
        if pdu.esm_class & RECEIPT and found:
            self.states[found[1]] = found[2].upper()


@contextlib.contextmanager
def _bound() -> Iterator[_Session]:
    parts = urlsplit(settings.SMS_URL)
    host, timeout = parts.hostname or "", settings.SMS_TIMEOUT
    client = smpplib.client.Client(
        host,
        parts.port or PORTS[parts.scheme],
        timeout=timeout,
        logger_name=WIRE,
        allow_unknown_opt_params=True,
    )
    # Our own socket: the library's knows neither IPv6 nor the name in a certificate.
    wire = socket.create_connection((host, client.port), timeout)
    if parts.scheme == "smpps":
        wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
    client._socket, client.state = wire, smpplib.consts.SMPP_CLIENT_STATE_OPEN
    session = _Session(client, wire)
    try:
        client.bind_transceiver(
            system_id=settings.SMS_USER,
            password=settings.SMS_PASSWORD,
            system_type=settings.SMS_SMPP["system_type"],
        )
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn what the library and the network raise into SmsError, without what was sent."""
    try:
        yield
    except smpplib.exceptions.PDUError as error:
        code = error.args[1] if len(error.args) > 1 else 0
        raise _refusal(code) from None
    except (OSError, smpplib.exceptions.ConnectionError) as error:
        raise SmsError(f"the gateway is away: {type(error).__name__}", permanent=False) from None
    except (ValueError, smpplib.exceptions.UnknownCommandError) as error:
        raise SmsError(
            f"SMPP does not carry this: {type(error).__name__}", permanent=True
        ) from None


def _refuse_error(pdu: Any) -> None:
    if pdu.is_error() or pdu.command == "generic_nack":
        raise _refusal(int(pdu.status))


def _refusal(code: int) -> SmsError:
    words = smpplib.consts.DESCRIPTIONS.get(code, "no description")
    return SmsError(f"the gateway answered {code:#x}, {words}", permanent=code not in PASSING)


def _sender(name: str) -> dict[str, Any]:
    """Return the sender with its kind: international number, short number, or a name."""
    digits = name.removeprefix("+")
    if not digits.isdecimal():
        ton, npi = 5, 0
    else:
        ton, npi = (1, 1) if len(digits) > 6 else (0, 1)
    return {"source_addr_ton": ton, "source_addr_npi": npi, "source_addr": digits}


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else f"{value or ''}"
