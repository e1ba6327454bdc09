"""Reading a check-in that may be ordinary."""

from __future__ import annotations

from dataclasses import dataclass

from devices.reports import DeviceReport
from devices.services import REPORTED
from devices.statuses import read_status
from fleet.pushes.messages import refusal_in
from gateway.protocol import values
from gateway.protocol.errors import ProtocolError
from gateway.protocol.requests import parse_registration
from keys.services import key_digest

# What must be as the database has it; a difference is for the services.
SAME = ("mac", "platform", "fcid", "version", "env_hash")
# A zone that is said is for the services as long as the database has none.
ZONE = ("timezone_name", "timezone_offset")
# What is kept when the device says nothing of it.
KEPT = tuple(name for name in REPORTED if name not in SAME)


@dataclass(slots=True)  # not frozen: making a frozen one takes three times as long
class Call:
    """One check-in: who says so, and what is to be stored. `None` is "not said".

    `udid` is the text of the report's, made once; `status` and `level` are what its status says. A
    stranger is a key from an address that this process has not seen it at.
    """

    udid: str
    digests: tuple[str, str]
    owner: str
    address: str
    report: DeviceReport
    status: str | None
    level: str | None
    is_stranger: bool = False

    @property
    def sender(self) -> tuple[str, str]:
        """Return the key, by its digest, and the address it is used from."""
        return self.digests[0], self.address


def read_call(presented: str, body: bytes, address: str) -> Call | None:
    """Return the call, or None when it is not one for here: then the services read it again."""
    credential = values.credential(presented)
    try:
        sent = parse_registration(body)
    except ProtocolError:
        return None
    report = sent.report
    if credential is None or sent.owner is None or report.udid is None or sent.ack:
        return None
    if report.status and refusal_in(report.status) is not None:
        return None
    # A device may present its key or the SHA-256 of it.
    digests = (key_digest(credential), credential)
    status, level = read_status(report.status) if report.status is not None else (None, None)
    return Call(
        f"{report.udid}",
        digests,
        sent.owner,
        address[:64],
        report,
        status,
        level,
    )
