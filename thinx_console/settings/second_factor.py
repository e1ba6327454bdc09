"""Second factors: where passkeys work, and how many codes may be sent."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from thinx_console.env import env_int

SMS_CODES_PER_HOUR = env_int(
    "THINX_SMS_CODES_PER_HOUR",
    "200",
    help="Sign-in codes sent by SMS per hour in all; a brake on fraud with paid numbers.",
)
OTP_WEBAUTHN_RP_NAME = "THiNX Console"
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = True
OTP_WEBAUTHN_CREDENTIAL_MODEL = "accounts.Passkey"
OTP_WEBAUTHN_ATTESTATION_MODEL = "accounts.PasskeyAttestation"
# What a passkey fails of is in the audit log; it is no fault of the console.
OTP_WEBAUTHN_EXCEPTION_LOGGER_NAME = ""


def passkey_domain(public_url: str) -> str:
    """Return the name that passkeys are made for: they know no addresses, only names.

    A console reached by an IP address has them at localhost, on its own machine.
    """
    host = urlsplit(public_url).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return "localhost"
