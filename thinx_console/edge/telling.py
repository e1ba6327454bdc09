"""Has live notices sent from the loop that serves requests."""

from __future__ import annotations

from core.telling import teller
from thinx_console.edge.asgi import Application, Receive, Scope, Send


def with_telling(inner: Application) -> Application:
    """Return the application; notices of what it does leave by its own event loop."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        teller.use_this_loop()
        await inner(scope, receive, send)

    return application
