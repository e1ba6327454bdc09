"""Settings of the tests: the real parts, a data folder of their own, no slow hashes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "THINX_DATA_DIR" not in os.environ:
    os.environ["THINX_DATA_DIR"] = tempfile.mkdtemp(prefix="thinx-test-")
    # Whoever made the folder removes it; the processes it starts inherit its name.
    atexit.register(shutil.rmtree, os.environ["THINX_DATA_DIR"], ignore_errors=True)
_DATA = os.environ["THINX_DATA_DIR"]
os.environ.setdefault("THINX_SECRET_KEY", "only-for-tests-" + "0" * 40)
os.environ.setdefault("THINX_ALLOW_LOOPBACK_SOURCES", "true")
if _database := os.environ.get("THINX_TEST_DATABASE_URL"):
    os.environ["THINX_DATABASE_URL"] = _database

from thinx_console.settings.base import *  # noqa: E402, F403
from thinx_console.settings.base import (  # noqa: E402
    CELERY,
    DATABASES,
    INSTALLED_APPS,
    STORAGES,
)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: live-server threads and subprocesses open it too.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_DATA) / "test.sqlite3")}
    DATABASES["telemetry"]["TEST"] = {"NAME": str(Path(_DATA) / "test-telemetry.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"].pop("pool")
INSTALLED_APPS = ["tests.support.flushing", *INSTALLED_APPS]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Messages are there right after the commit; pytest runs several processes on one data folder.
MESSAGES_INLINE = True
FOLLOW_INLINE = True
TELEMETRY_INLINE = True
OUTBOX_DIR = Path(_DATA) / "outbox" / os.environ.get("PYTEST_XDIST_WORKER", "main")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY = {**CELERY, "broker_url": "memory://"}
if _redis := os.environ.get("THINX_TEST_REDIS_URL"):
    # pytest runs several processes at once; each has a Redis database of its own.
    _number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{_redis}?db={_number}",
    }
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [f"{_redis}?db={_number}"]},
    }
    CELERY["broker_url"] = (
        _redis.replace("unix://", "redis+socket://", 1) + f"?virtual_host={_number}"
    )
