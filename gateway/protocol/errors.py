"""The words of refusal that device libraries know."""

from __future__ import annotations

NO_BODY = "no_body"
REQUEST_INVALID = "request_invalid"
REQUEST_TOO_LARGE = "request_too_large"
AUTHENTICATION_ERROR = "authentication_error"
INVALID_OWNER = "invalid owner:"
NO_KEYS = "apikey_not_found"
WRONG_KEY = "owner_found_but_no_key"
UPDATE_FAILED = "device_update_failed"
DEVICE_LIMIT = "device_limit_reached"
DEVICE_RELEASED = "device_released"

MISSING_MAC = "missing_mac"
AUTHENTICATION = "authentication"
NO_SUCH_DEVICE = "no_such_device"
UPDATE_NOT_FOUND = "UPDATE_NOT_FOUND"

OTT_MISSING = "OTT_MISSING"
OTT_UPDATE_NOT_FOUND = "OTT_UPDATE_NOT_FOUND"
OTT_KEY_NOT_VALID = "OTT_API_KEY_NOT_VALID"
OTT_UPDATE_NOT_AVAILABLE = "OTT_UPDATE_NOT_AVAILABLE"

MALFORMED_PUSH = "no_token"
PUSH_DEVICE_NOT_FOUND = "push_device_not_found"
PUSH_REGISTERED = "push_token_registered"

STATUS_OK = "OK"
STATUS_FIRMWARE_UPDATE = "FIRMWARE_UPDATE"


class ProtocolError(Exception):
    """A request that cannot be understood; carries what the device is told."""

    def __init__(self, response: str, status: int = 400) -> None:
        super().__init__(response)
        self.response = response
        self.status = status
