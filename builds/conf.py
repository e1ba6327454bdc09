"""The settings that builds read, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from builds.engine.environment import ServerFacts
from builds.engine.git import GitLimits
from builds.sandbox import Limits

MIB = 1024 * 1024
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
HEARTBEAT_SECONDS = 5.0
LOST_AFTER_SECONDS = 30.0
RESEND_AFTER_SECONDS = 60.0


@dataclass(frozen=True)
class BuildSettings:
    """How builds run on this installation."""

    sandbox: str
    allow_loopback: bool
    own_prefixes: tuple[str, ...]
    networks: tuple[str, ...]
    limits: Limits
    git_limits: GitLimits
    log_bytes: int
    workdir: Path
    server: ServerFacts


def build_settings() -> BuildSettings:
    """Return the settings as they are now."""
    mqtt = urlsplit(settings.MQTT_URL)
    return BuildSettings(
        sandbox=settings.SANDBOX,
        allow_loopback=settings.ALLOW_LOOPBACK_SOURCES,
        own_prefixes=(f"{settings.PUBLIC_URL}/examples/",),
        networks=PRIVATE_NETWORKS if settings.ALLOW_LOOPBACK_SOURCES else (),
        # Half of the log is for the start of a build's output; its end and our words fit after.
        limits=Limits(
            seconds=settings.BUILD_TIMEOUT,
            cpu_seconds=settings.BUILD_TIMEOUT,
            disk=settings.BUILD_DISK_MB * MIB,
            log=settings.BUILD_LOG_MB * MIB // 2,
        ),
        git_limits=GitLimits(size=settings.CLONE_MB * MIB),
        log_bytes=settings.BUILD_LOG_MB * MIB,
        workdir=Path(settings.DATA_DIR) / "builds",
        server=ServerFacts(
            url=settings.PUBLIC_URL, mqtt_host=mqtt.hostname or "", mqtt_port=mqtt.port or 1883
        ),
    )
