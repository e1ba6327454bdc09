"""A private PostgreSQL: data and socket in a throw-away folder, gone with the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.services import ServiceError, free_port, need, running, short_folder

# Nothing here outlives the tests, so nothing waits for the disk.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}


@contextlib.contextmanager
def private_postgres() -> Iterator[str]:
    """Run a PostgreSQL of our own; yield the postgres:// URL of an empty database."""
    initdb = need("initdb", "postgresql", "/usr/lib/postgresql/*/bin/initdb")
    programs = Path(initdb).resolve().parent
    owner = _ordinary_user()
    port = free_port()
    with short_folder("thinx-pg-") as folder:
        if "user" in owner:
            shutil.chown(folder, owner["user"], owner["group"])
        folder.chmod(0o755)
        data = folder / "data"
        _quietly(
            [initdb, "-D", str(data), "-U", "thinx", "-A", "trust", "-E", "UTF8", "--no-sync"],
            cwd=folder,
            **owner,
        )
        options = [word for item in SETTINGS.items() for word in ("-c", "=".join(item))]
        server = [
            *(str(programs / "postgres"), "-D", str(data), "-k", str(folder)),
            *("-h", "127.0.0.1", "-p", str(port), *options),
        ]
        probe = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-p", str(port)]
        with running(
            server,
            ready=lambda: subprocess.run(probe, check=False).returncode == 0,
            log=folder / "log",
            cwd=folder,
            **owner,
        ):
            create = [str(programs / "createdb"), "-h", str(folder), "-p", str(port)]
            _quietly([*create, "-U", "thinx", "-T", "template0", "thinx"], cwd=folder)
            yield f"postgres://thinx@127.0.0.1:{port}/thinx"


def _ordinary_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: name somebody else to run it as."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ServiceError("root cannot run PostgreSQL, and there is no user postgres or nobody")


def _quietly(argv: list[str], **popen: Any) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **popen)
    if done.returncode:
        raise ServiceError(f"{argv[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
