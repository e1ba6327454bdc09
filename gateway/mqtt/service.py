"""How the console itself signs in to its broker."""

from __future__ import annotations

import hmac

from django.conf import settings

from core.crypto import keyring_at

SERVICE_USER = "thinx"


def service_password() -> str:
    """Return the console's own password at the broker: a setting, else of the master key."""
    if settings.MQTT_SERVICE_PASSWORD:
        return str(settings.MQTT_SERVICE_PASSWORD)
    return keyring_at(settings.MASTER_KEY_FILE).derive("mqtt-service").hex()


def is_service_password(presented: str) -> bool:
    """Tell whether this is the console's own password, in constant time."""
    return hmac.compare_digest(presented.encode(errors="replace"), service_password().encode())
