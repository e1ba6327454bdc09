"""Calls of applications before Django, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Call:
    """One POST, whose caller stays until `gone` is set; `status` is what it was answered."""

    def __init__(self, path: str, body: bytes) -> None:
        self.scope = {"type": "http", "method": "POST", "path": path, "headers": []}
        self.body = [{"type": "http.request", "body": body, "more_body": False}]
        self.gone = asyncio.Event()
        self.status = 0

    async def ask(self, app: Any) -> int:
        """Return the status of the answer."""
        await app(self.scope, self.receive, self.send)
        return self.status

    async def receive(self) -> dict[str, Any]:
        """Give the body, then wait for the end."""
        if self.body:
            return self.body.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the answer."""
        self.status = message.get("status", self.status)


async def turns() -> None:
    """Let everything that is ready on the loop go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def turns_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the loop and its threads go on until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
