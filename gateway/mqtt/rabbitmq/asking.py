"""Who may ask what RabbitMQ asks, and reading a question."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import parse_qsl

from django.conf import settings

# What a proxy adds. RabbitMQ asks directly: whoever comes through one is somebody else.
PROXIED = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
MOST_VALUES = 32


def may_ask(address: str, headers: Container[str]) -> bool:
    """Tell whether this is RabbitMQ; `headers` has names in small letters, or asks for no case."""
    return (
        settings.MQTT_BROKER == "rabbitmq"
        and address in settings.MQTT_AUTH_FROM
        and not any(name in headers for name in PROXIED)
    )


def values_of(body: bytes) -> dict[str, str]:
    """Return the values of a question; none at all when it is not what RabbitMQ sends."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MOST_VALUES,
        )
    except ValueError:
        return {}
    said = {name: value.replace("\x00", "�") for name, value in pairs}
    return said if len(said) == len(pairs) else {}
