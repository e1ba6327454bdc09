"""WSGI entry of the server profile: pages, API and devices behind a buffering proxy."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.production")

_django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from thinx_console.edge.proxies import TrustedProxies  # noqa: E402

application = TrustedProxies(settings.TRUSTED_PROXIES).wsgi(_django)
