"""What a device is sent: one flat object of names and values that ends in ``}}``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from builds.engine.environment import env_hash
from core.exceptions import DomainError
from fleet.pushes.constants import (
    MAX_MESSAGE_BYTES,
    MAX_VALUE,
    MAX_VARIABLES,
    MAX_WORDS,
    WIFI,
)
from keys.models import VARIABLE_NAME
from messaging.payloads import device_json

# A status such as "configuration refused: no such network".
_REFUSED = re.compile(r"config(?:uration)? (?:failed|refused|rejected)\b[:,;]?\s*", re.IGNORECASE)


def refusal_in(status: str) -> str | None:
    """Return the device's own words when its status says that it could not take a push."""
    found = _REFUSED.match(status)
    if found is None:
        return None
    return (status[found.end() :].strip() or status.strip())[:MAX_WORDS]


def proves(values: Mapping[str, str], reported: str) -> bool:
    """Tell whether the environment hash that a device reports is that of these values."""
    return bool(reported) and reported.lower() == env_hash(values)


def configuration_message(values: Mapping[str, str]) -> bytes:
    """Return the message: `{"configuration":{...}}`, compact, as every library can cut it out."""
    return device_json({"configuration": dict(values)}).encode("utf-8", "replace")


def check_values(values: Mapping[str, str]) -> None:
    """Refuse what a device could not take. Raises DomainError (fleet.config_*)."""
    if not values:
        raise DomainError("fleet.config_empty", "Choose or write at least one variable.")
    if len(values) > MAX_VARIABLES:
        raise DomainError(
            "fleet.config_too_large", f"At most {MAX_VARIABLES} variables fit into one push."
        )
    for name, value in values.items():
        _check_one(name, value)
    if len({*WIFI} & values.keys()) == 1:
        raise DomainError(
            "fleet.config_half_wifi",
            f"Send both {WIFI[0]} and {WIFI[1]}, or none: devices in the field read both.",
        )
    size = len(configuration_message(values))
    if size > MAX_MESSAGE_BYTES:
        raise DomainError(
            "fleet.config_too_large",
            f"The message has {size} bytes; device libraries hold {MAX_MESSAGE_BYTES}. "
            "Send fewer or shorter values.",
        )


def _check_one(name: str, value: str) -> None:
    try:
        VARIABLE_NAME(name)
    except ValidationError as error:
        raise DomainError("fleet.config_name", f"{name[:64]!r}: {error.message}") from error
    if len(value) > MAX_VALUE:
        raise DomainError(
            "fleet.config_value", f"The value of {name} is longer than {MAX_VALUE} characters."
        )
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise DomainError(
            "fleet.config_value", f"The value of {name} holds characters that cannot be printed."
        )
