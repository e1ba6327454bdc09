"""`/health/live` and `/health/ready`: no sign-in, no details beyond each part's state."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from core.tls.names import EVERYWHERE
from gateway.mqtt.bridge.beat import is_alive

WORKER_KEY = "core.beat"
WORKER_SILENCE = 45.0


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer that the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Name each part with its state; 200 only when all are up."""
    parts = {name: "up" if check() else "down" for name, check in CHECKS.items()}
    is_ready = all(state == "up" for state in parts.values())
    body = {"status": "ready" if is_ready else "not ready", "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        cache.set("health", "1", 5)
        return cache.get("health") == "1"
    except (RedisError, OSError):
        return False


def _worker() -> bool:
    try:
        beat = cache.get(WORKER_KEY)
    except (RedisError, OSError):
        return False
    return beat is not None and time.time() - float(beat) < WORKER_SILENCE


def _mqtt() -> bool:
    parts = urlsplit(settings.MQTT_URL)
    return _listens(parts.hostname or "", parts.port or 1883)


def _tls() -> bool:
    """Tell whether the ports with TLS listen, where this installation has them itself."""
    host = "127.0.0.1" if settings.BIND in EVERYWHERE else settings.BIND
    ports = [settings.HTTPS_PORT]
    if settings.MQTT_BROKER == "embedded":
        ports.append(settings.MQTTS_PORT)
    return all(_listens(host, port) for port in ports)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "broker": _broker,
    "worker": _worker,
    "mqtt": _mqtt,
    "bridge": is_alive,
    **({"tls": _tls} if settings.EMBEDDED else {}),
}
