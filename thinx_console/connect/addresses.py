"""The addresses devices use, by protocol."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings


@dataclass(frozen=True)
class Addresses:
    """Host and URLs; those with TLS are empty where this console does not do the TLS itself."""

    host: str
    http: str
    https: str
    mqtt: str
    mqtts: str
    ws: str
    wss: str


def device_addresses() -> Addresses:
    """Return them from the settings, for the public host."""
    public = urlsplit(settings.PUBLIC_URL)
    host = public.hostname or "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    secure = f"https://{shown}:{settings.HTTPS_PORT}" if settings.EMBEDDED else ""
    if public.scheme == "https":
        secure = settings.PUBLIC_URL
    plain = "" if public.scheme == "https" else settings.PUBLIC_URL
    if settings.EMBEDDED:
        plain = plain or f"http://{shown}:{settings.HTTP_PORT}"
    has_mqtts = settings.EMBEDDED or settings.TLS_CERTIFICATE
    broker = urlsplit(settings.MQTT_URL).hostname or host
    return Addresses(
        host=host,
        http=plain,
        https=secure,
        mqtt=settings.MQTT_URL,
        mqtts=f"mqtts://{_bracketed(broker)}:{settings.MQTTS_PORT}" if has_mqtts else "",
        ws=plain.replace("http", "ws", 1) + "/mqtt" if plain else "",
        wss=secure.replace("http", "ws", 1) + "/mqtt" if secure else "",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
