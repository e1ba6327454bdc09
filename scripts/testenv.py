#!/usr/bin/env python3
"""Run a command beside a private PostgreSQL and Redis, which end with it.

    scripts/testenv.py pytest tests/builds

The command finds them in THINX_TEST_DATABASE_URL and THINX_TEST_REDIS_URL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.postgres import private_postgres
from tests.support.redis import private_redis
from tests.support.services import ServiceError


def main(argv: list[str]) -> int:
    """Start both, run the command, end both; return the command's exit code."""
    if not argv:
        sys.stderr.write(__doc__ or "")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with private_postgres() as database, private_redis() as redis:
            env = {
                **os.environ,
                "THINX_TEST_DATABASE_URL": database,
                "THINX_TEST_REDIS_URL": redis,
            }
            return subprocess.run(argv, env=env, check=False).returncode
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
