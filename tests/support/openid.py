"""An OpenID provider of our own: discovery, keys, authorize, token, userinfo; GitHub's ways too.

It answers like a provider where one person is signed in and says yes. What it tells can be
changed, so that tests can have it lie.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET, KID = "console", "provider-secret", "key-1"


@dataclass
class LocalProvider:
    """What it knows and says. `claims` go into token and userinfo, `token_claims` over them."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    token_claims: dict[str, Any] = field(default_factory=dict)
    emails: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False
    signing_key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    published_key: Any = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        back = {"state": query.get("state", "")}
        if self.refuses:
            return f"{query['redirect_uri']}?{urlencode({**back, 'error': 'access_denied'})}"
        code = secrets.token_hex(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({**back, 'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for who presents the client's secret and the PKCE verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        presented = base64.b64decode(authorization.removeprefix("Basic ") or b"").decode()
        secret = form.get("client_secret") or presented.partition(":")[2]
        if asked is None or secret != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked.get("code_challenge"):
            return 400, {"error": "invalid_grant"}
        access = secrets.token_hex(8)
        self.tokens.add(access)
        answer = {"access_token": access, "token_type": "bearer", "expires_in": 60}
        return 200, {**answer, "id_token": self._id_token(asked)}

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            **({"nonce": asked["nonce"]} if "nonce" in asked else {}),
            **self.claims,
            **self.token_claims,
        }
        return jwt.encode(claims, self.signing_key, algorithm="RS256", headers={"kid": KID})

    def discovery(self) -> dict[str, Any]:
        """Return what the issuer publishes about itself."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the public key."""
        key = (self.published_key or self.signing_key).public_key()
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
        return {"keys": [{**found, "kid": KID, "alg": "RS256", "use": "sig"}]}


class _Handler(BaseHTTPRequestHandler):
    provider: LocalProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        provider = self.provider
        provider.asked.append(parts.path)
        if parts.path in {"/authorize", "/login/oauth/authorize"}:
            self._redirect(provider.authorize(_single(parts.query)))
        elif parts.path == "/.well-known/openid-configuration":
            self._answer(200, provider.discovery())
        elif parts.path == "/keys":
            self._answer(200, provider.keys())
        elif self.headers.get("Authorization", "").split(" ")[-1] not in provider.tokens:
            self._answer(401, {"error": "invalid_token"})
        elif parts.path in {"/userinfo", "/api/v3/user"}:
            self._answer(200, provider.claims)
        elif parts.path == "/api/v3/user/emails":
            self._answer(200, provider.emails)
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        self.provider.asked.append(parts.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if parts.path in {"/token", "/login/oauth/access_token"}:
            authorization = self.headers.get("Authorization", "")
            self._answer(*self.provider.token(_single(body), authorization))
        else:
            self._answer(404, {})

    def _redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", f"{len(content)}")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@contextlib.contextmanager
def local_provider() -> Iterator[LocalProvider]:
    """Run it on a port of its own for as long as the block lasts."""
    provider = LocalProvider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
