"""Settings of the server profile: nothing loose, everything named in the environment."""

from __future__ import annotations

from thinx_console.env import env_finish, env_int, env_secret, env_str

env_str("THINX_PUBLIC_URL", help="How browsers and devices reach this console.")
env_secret("THINX_DATABASE_URL", help="postgres://user:password@host:port/name")
env_secret("THINX_REDIS_URL", help="redis://host:port/0")
env_secret("THINX_SECRET_KEY", help="Signs sessions.")
env_finish()

from thinx_console.settings.base import *  # noqa: E402, F403

EMBEDDED = False
TRUSTED_PROXIES = TRUSTED_PROXIES or ["127.0.0.1", "::1"]  # noqa: F405
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = env_int("THINX_HSTS_SECONDS", "31536000", help="Strict-Transport-Security.")
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# Devices speak plain HTTP on a port of their own; the proxy redirects browsers, not Django.
SECURE_SSL_REDIRECT = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001", "security.W008"]
