"""Any gateway with an HTTP interface, described by a template in the settings."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from django.conf import settings

from core.sms import SmsError, SmsGateway, gateways
from core.sms._alphabet import is_gsm7
from core.sms._web import ask

PLACE = re.compile(r"\{(to|to_digits|text|coding|from|user|password)\}")
FORM = "application/x-www-form-urlencoded"
METHODS = {"GET", "POST", "PUT"}


@gateways.register
class Http(SmsGateway):
    """Fills `{to} {to_digits} {text} {coding} {from} {user} {password}` into address and body.

    Values are escaped for where they stand: percent-encoded in the address and in forms, as JSON
    or XML in such bodies.
    """

    slug = "http"
    label = "HTTP request"

    def faults(self) -> list[str]:
        """Say what is missing in the template."""
        options: dict[str, Any] = settings.SMS_HTTP
        found = []
        if urlsplit(settings.SMS_URL).scheme not in {"http", "https"}:
            found.append("THINX_SMS_URL must be an http:// or https:// address.")
        template = settings.SMS_URL + options["body"]
        if "{text}" not in template or not re.search(r"\{to(_digits)?\}", template):
            found.append("THINX_SMS_URL or THINX_SMS_HTTP_BODY must hold {to} and {text}.")
        if options["method"] not in METHODS:
            found.append("THINX_SMS_HTTP_METHOD must be GET, POST or PUT.")
        found += [
            f"THINX_SMS_HTTP_{name.upper()} is not a regular expression."
            for name in ("success", "reference")
            if not _compiles(options[name])
        ]
        return found

    def send(self, to: str, text: str) -> str:
        """Make the request; any 2xx answer that matches `success` is a success."""
        options: dict[str, Any] = settings.SMS_HTTP
        values = _values(to, text)
        headers = {name: _fill(line, values, str) for name, line in options["headers"].items()}
        body = _fill(options["body"], values, _escape_for(headers))
        if body and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = FORM
        url = _fill(settings.SMS_URL, values, lambda value: quote(value, safe=""))
        answer = ask(options["method"], url, headers=headers, body=body)
        if not answer.is_good:
            raise SmsError(f"the gateway answered {answer.status}", permanent=not answer.may_pass)
        if not re.search(options["success"], answer.text):
            raise SmsError("the answer does not match THINX_SMS_HTTP_SUCCESS", permanent=True)
        return _reference(options["reference"], answer.text)


def _values(to: str, text: str) -> dict[str, str]:
    return {
        "to": to,
        "to_digits": to.removeprefix("+"),
        "text": text,
        "coding": "0" if is_gsm7(text) else "2",
        "from": settings.SMS_FROM,
        "user": settings.SMS_USER,
        "password": settings.SMS_PASSWORD,
    }


def _fill(template: str, values: dict[str, str], escape: Callable[[str], str]) -> str:
    return PLACE.sub(lambda place: escape(values[place[1]]), template)


def _escape_for(headers: dict[str, str]) -> Callable[[str], str]:
    """Return how values are written into a body of this content type."""
    kinds = [line for name, line in headers.items() if name.lower() == "content-type"]
    kind = (kinds or [FORM])[0].partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        return lambda value: json.dumps(value)[1:-1]
    if kind.endswith(("/xml", "+xml")):
        return html.escape
    return quote_plus if kind == FORM else str


def _reference(pattern: str, text: str) -> str:
    found = re.search(pattern, text) if pattern else None
    return (found[1] if found and found.re.groups else "")[:100]


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
