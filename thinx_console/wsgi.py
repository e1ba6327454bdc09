"""WSGI entry of the server profile: pages, API and devices behind a buffering proxy."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.production")

application = get_wsgi_application()
