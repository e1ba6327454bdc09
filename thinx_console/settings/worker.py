"""Settings of the embedded worker's process: all tasks, and pages only when one needs a link."""

from __future__ import annotations

from thinx_console.settings import base
from thinx_console.settings.base import *  # noqa: F403

PAGES_AT_START = False
# Its own `ready` loads each provider, and with them what calls them over HTTP.
INSTALLED_APPS = [
    "gateway.mqtt.apps.ProviderTables" if app == "allauth.socialaccount" else app
    for app in base.INSTALLED_APPS
]
