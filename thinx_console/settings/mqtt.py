"""Settings of the embedded broker's process: the tables it reads, without pages, API and tasks."""

from __future__ import annotations

from thinx_console.settings.base import *  # noqa: F403

INSTALLED_APPS = [
    *(
        f"gateway.mqtt.apps.{app}Tables"
        for app in ("Gateway", "Fleet", "Telemetry", "Builds", "Devices", "Messaging", "Keys")
    ),
    *(
        f"gateway.mqtt.apps.{app}Tables"
        for app in ("Notifications", "Accounts", "Audit", "Email", "Provider", "Attempt")
    ),
    "django_otp",
    "guardian",
    "treebeard",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = []
