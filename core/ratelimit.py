"""Counting failures in the shared cache, so that guessing ends soon on every process."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RateLimit:
    """At most `limit` failures of one subject within `window` seconds of its first one.

    A lost cache counts nothing: signing in must not depend on it.
    """

    name: str
    limit: int
    window: int

    def retry_after(self, subject: str) -> int:
        """Return the seconds until the subject may try again; 0 when it may now."""
        key = self._key(subject)
        try:
            found = cache.get_many([key, f"{key}:until"])
        except (RedisError, OSError) as error:
            logger.warning("cache away, %s not limited: %s", self.name, error)
            return 0
        wait = found.get(f"{key}:until", 0) - time.time()
        return max(1, round(wait)) if wait > 0 and found.get(key, 0) >= self.limit else 0

    def failed(self, subject: str) -> None:
        """Count one failure."""
        key, now = self._key(subject), time.time()
        try:
            if cache.get(f"{key}:until", now + 1) <= now:
                self.forget(subject)
            if cache.add(key, 1, self.window):
                cache.set(f"{key}:until", now + self.window, self.window)
            else:
                cache.incr(key)
        except ValueError:
            cache.set(key, 1, self.window)  # it ended between the two calls
        except (RedisError, OSError) as error:
            logger.warning("cache away, %s not counted: %s", self.name, error)

    def forget(self, subject: str) -> None:
        """Forget the failures of one subject."""
        key = self._key(subject)
        try:
            cache.delete_many([key, f"{key}:until"])
        except (RedisError, OSError) as error:
            logger.warning("cache away, %s not cleared: %s", self.name, error)

    def _key(self, subject: str) -> str:
        digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
        return f"ratelimit:{self.name}:{digest}"
