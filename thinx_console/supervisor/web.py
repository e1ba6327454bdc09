"""The web process of `make run`: `granian … thinx_console.supervisor.web:application`.

The application of `thinx_console.asgi`, and in a thread beside it the TLS port, which also renews
the certificate of the own CA when it is due.
"""

from __future__ import annotations

import asyncio
import logging
import os
from urllib.parse import urlsplit

from django.conf import settings

from core.tls.authority import Authority, AuthorityError
from core.tls.names import EVERYWHERE, certificate_names
from core.tls.served import ServerContext, served_files
from thinx_console.asgi import application as plain
from thinx_console.edge.asgi import Application
from thinx_console.edge.cookies import with_own_cookies
from thinx_console.edge.front import TlsFront
from thinx_console.edge.redirect import to_public_url

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 60
RENEW_SECONDS = 3600


def make_front() -> TlsFront:
    """Return the TLS port of the settings, in front of the plain one."""
    files = served_files(settings.TLS_DIR, settings.TLS_CERTIFICATE, settings.TLS_KEY)
    local = "127.0.0.1" if settings.BIND in EVERYWHERE else settings.BIND
    served = ServerContext(files, protocols=("http/1.1",))
    return TlsFront(settings.BIND, settings.HTTPS_PORT, (local, settings.HTTP_PORT), served)


async def keep_certificate(served: ServerContext) -> None:
    """Renew what is due, each hour; use what is new, each minute."""
    rounds = 0
    while True:
        if rounds % (RENEW_SECONDS // FOLLOW_SECONDS) == 0 and not settings.TLS_CERTIFICATE:
            await asyncio.to_thread(renew)
        await asyncio.to_thread(served.follow)
        await asyncio.sleep(FOLLOW_SECONDS)
        rounds += 1


def renew() -> None:
    """Renew the server's certificate if it is due; what stands in the way goes to the log."""
    try:
        outcome = Authority(settings.TLS_DIR).ensure(certificate_names(os.environ))
    except (AuthorityError, OSError) as error:
        logger.error("the TLS certificate could not be renewed: %s", error)
        return
    if outcome != "found":
        logger.info("the TLS certificate was %s", outcome)


def for_browsers(inner: Application) -> Application:
    """Return the application with sessions that are safe on both ports.

    When the port with TLS is the public address, Django's cookies are Secure, and pages are there.
    Behind somebody else's TLS nothing changes. Else each port has cookies of its own.
    """
    public = urlsplit(settings.PUBLIC_URL)
    if public.scheme != "https":
        return with_own_cookies(inner)
    is_ours = public.port == settings.HTTPS_PORT
    return to_public_url(inner, settings.PUBLIC_URL) if is_ours else inner


front = make_front()
front.start(lambda: keep_certificate(front.context))
application = front.wrap(for_browsers(plain))
