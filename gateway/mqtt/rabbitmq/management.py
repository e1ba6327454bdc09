"""The little of RabbitMQ's management API that the guard needs."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.mqtt.service import SERVICE_USER, service_password

SECONDS = 10
PAGE = 500
COLUMNS = "name,user,protocol,variable_map"


class ManagementError(RuntimeError):
    """RabbitMQ could not be asked, or said something else than expected."""


class Management:
    """Calls `/api/` as the console, whose password RabbitMQ asks this console about in turn."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)

    def connections(self) -> list[dict[str, Any]]:
        """Return every connection, with the client id where it is known by now."""
        found: list[dict[str, Any]] = []
        pages, page = 1, 0
        while page < pages:
            page += 1
            answer = self._call(
                "GET", f"connections?page={page}&page_size={PAGE}&columns={COLUMNS}"
            )
            found += answer["items"]
            pages = answer["page_count"]
        return found

    def connections_of(self, username: str, client_id: str) -> list[str]:
        """Return the names of one client's connections, and of those too new to tell whose."""
        named = self._call("GET", f"connections/username/{quote(username, safe='')}") or []
        found = []
        for connection in named:
            name = connection["name"]
            one = self._call("GET", f"connections/{quote(name, safe='')}?columns={COLUMNS}") or {}
            if client_of(one) in {client_id, None}:
                found.append(name)
        return found

    def close(self, name: str, reason: str) -> None:
        """Close one connection; it may be gone already."""
        self._call("DELETE", f"connections/{quote(name, safe='')}", {"X-Reason": reason})

    def forget_session(self, client_id: str) -> None:
        """Delete what is queued for a client id, and what it is subscribed to."""
        for qos in (0, 1):
            queue = quote(f"mqtt-subscription-{client_id}qos{qos}", safe="")
            self._call("DELETE", f"queues/%2F/{queue}")

    def _call(self, method: str, path: str, headers: dict[str, str] | None = None) -> Any:
        """Return the decoded answer, or None where there is nothing of that name."""
        credential = f"{SERVICE_USER}:{service_password()}".encode()
        sent = {
            "Authorization": f"Basic {base64.b64encode(credential).decode()}",
            **(headers or {}),
        }
        kind = (
            http.client.HTTPSConnection
            if self.parts.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self.parts.netloc, timeout=SECONDS)
        try:
            with contextlib.closing(connection):
                connection.request(
                    method, f"{self.parts.path.rstrip('/')}/api/{path}", headers=sent
                )
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 404:
                    return None
                if answer.status >= 300:
                    raise ManagementError(f"{method} {path.partition('?')[0]}: {answer.status}")
                return json.loads(body) if body else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ManagementError(f"RabbitMQ's management API: {error}") from error


def client_of(connection: dict[str, Any]) -> str | None:
    """Return the client id of a connection, or None when RabbitMQ has not told it yet."""
    known = connection.get("variable_map")
    return known.get("client_id") if isinstance(known, dict) else None
