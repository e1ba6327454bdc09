"""One request to a gateway's HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from django.conf import settings

from core.sms import SmsError

READ = 65_536
# It may work later: timeouts, too many requests, and whatever ails the server.
PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Answer:
    """What the gateway said."""

    status: int
    text: str

    @property
    def is_good(self) -> bool:
        """Tell whether the status is of the 2xx kind."""
        return 200 <= self.status < 300

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may succeed later."""
        return self.status in PASSING or self.status >= 500


def ask(method: str, url: str, *, headers: dict[str, str], body: str = "") -> Answer:
    """Send one request; a redirect is an answer and not followed, for it would carry secrets on.

    Raises SmsError without address, headers or body when there is no answer.
    """
    data = body.encode() if body else None
    try:
        request = Request(url, data, headers, method=method)  # noqa: S310  # checked by faults()
        with _opener().open(request, timeout=settings.SMS_TIMEOUT) as response:
            return Answer(response.status, response.read(READ).decode("utf-8", "replace"))
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        raise SmsError(f"the gateway is away: {type(cause).__name__}", permanent=False) from None
    except ValueError:
        raise SmsError("the gateway's settings make no valid request", permanent=True) from None


def _opener() -> OpenerDirector:
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener
