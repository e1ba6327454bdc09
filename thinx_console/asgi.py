"""ASGI entry: ordinary check-ins first, pages, API and devices by Django, `/ws/` by channels,
`/mqtt` by the broker."""

from __future__ import annotations

import gc
import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

_django = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from gateway.fast.app import with_fast_check_ins  # noqa: E402
from thinx_console.edge.mqtt import with_mqtt  # noqa: E402
from thinx_console.edge.proxies import TrustedProxies  # noqa: E402
from thinx_console.edge.telling import with_telling  # noqa: E402
from thinx_console.routing import websocket_urlpatterns  # noqa: E402

application = TrustedProxies(settings.TRUSTED_PROXIES).asgi(
    with_telling(
        ProtocolTypeRouter(
            {
                "http": with_fast_check_ins(_django),
                "websocket": with_mqtt(
                    AllowedHostsOriginValidator(
                        AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
                    )
                ),
            }
        )
    )
)

# Threads that write check-ins let go of the interpreter at each step of the database, and would
# wait five milliseconds each time to have it back from a busy event loop.
sys.setswitchinterval(0.0005)
# What is loaded now stays: collections need not look at it again.
gc.collect()
gc.freeze()
