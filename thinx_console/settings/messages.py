"""Mail and SMS: without a server they go into the outbox folder."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from thinx_console.env import env_int, env_list, env_secret, env_str


def email_from_url(url: str) -> dict[str, Any]:
    """Return Django's EMAIL_ settings of an smtp:// or smtps:// URL.

    smtp:// asks for STARTTLS unless it says `?tls=none`, which a relay on the same machine may.
    Raises ValueError, which never repeats the URL: it holds a password.
    """
    if not url:
        return {"EMAIL_BACKEND": "core.mail.backends.OutboxBackend"}
    parts = urlsplit(url)
    tls = dict(parse_qsl(parts.query)).get("tls", "starttls")
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("THINX_EMAIL_URL must read smtp://user:password@host:587 or smtps://…")
    if tls not in {"starttls", "none"}:
        raise ValueError("THINX_EMAIL_URL: tls is starttls or none")
    is_smtps = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if is_smtps else 587 if tls == "starttls" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": is_smtps,
        "EMAIL_USE_TLS": not is_smtps and tls == "starttls",
    }


def _headers(text: str) -> dict[str, str]:
    try:
        return {f"{name}": f"{value}" for name, value in json.loads(text or "{}").items()}
    except (ValueError, AttributeError):
        raise ValueError("THINX_SMS_HTTP_HEADERS must be a JSON object of texts") from None


MESSAGES_INLINE = False
EMAIL_TIMEOUT = 20
EMAIL_USE_LOCALTIME = False
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env_str(
    "THINX_EMAIL_FROM", "THiNX Console <console@localhost>", help="Whom mail is from."
)
vars().update(
    email_from_url(
        env_secret(
            "THINX_EMAIL_URL",
            "",
            help="Mail server: smtp://user:password@host:587 (STARTTLS; ?tls=none without) or "
            "smtps://…; mail goes into the outbox folder when empty.",
        )
    )
)

WEBHOOK_TIMEOUT = 10
WEBHOOK_NETWORKS = env_list(
    "THINX_WEBHOOK_NETWORKS",
    help="Private networks that webhooks may reach, such as 10.1.0.0/16,127.0.0.1/32; none when "
    "empty.",
)
WEBHOOK_CA_FILE = env_str(
    "THINX_WEBHOOK_CA_FILE",
    "",
    help="Certificates that webhooks over https:// trust instead of those of the system.",
)

SMS_GATEWAY = env_str(
    "THINX_SMS_GATEWAY",
    "outbox",
    help="How SMS are sent: outbox, console, http, twilio or smpp ([messages.md](messages.md)).",
)
SMS_URL = env_secret(
    "THINX_SMS_URL", "", help="Where the SMS gateway is; its form depends on the gateway."
)
SMS_USER = env_str("THINX_SMS_USER", "", help="Account at the SMS gateway.")
SMS_PASSWORD = env_secret("THINX_SMS_PASSWORD", "", help="Password or token of that account.")
SMS_FROM = env_str("THINX_SMS_FROM", "THiNX", help="Number or name that SMS are from.")
SMS_TIMEOUT = env_int("THINX_SMS_TIMEOUT", "10", help="Seconds to wait for the SMS gateway.")
SMS_HTTP: dict[str, Any] = {
    "method": env_str("THINX_SMS_HTTP_METHOD", "POST", help="http gateway: GET, POST or PUT."),
    "headers": _headers(
        env_secret(
            "THINX_SMS_HTTP_HEADERS",
            "{}",
            help="http gateway: headers as a JSON object; the content type decides how values are "
            "escaped in the body.",
        )
    ),
    "body": env_str("THINX_SMS_HTTP_BODY", "", help="http gateway: the body, with {to} {text} …"),
    "success": env_str(
        "THINX_SMS_HTTP_SUCCESS",
        "",
        help="http gateway: regular expression that the answer must match; 2xx is enough when "
        "empty.",
    ),
    "reference": env_str(
        "THINX_SMS_HTTP_REFERENCE",
        "",
        help="http gateway: regular expression whose first group is the reference.",
    ),
}
SMS_SMPP: dict[str, Any] = {
    "system_type": env_str("THINX_SMS_SMPP_SYSTEM_TYPE", "", help="smpp gateway: system type."),
    "receipt_seconds": env_int(
        "THINX_SMS_SMPP_RECEIPT_SECONDS",
        "0",
        help="smpp gateway: wait this long for a delivery receipt; 0 asks for none.",
    ),
}
