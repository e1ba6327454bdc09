"""What must be true before the programs start: key, tables, static files. Skips what is done.

Nothing of Django is imported here. Importing it costs a second, and a start at which nothing
changed has no use for it; what is due runs as `manage.py` in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from core.tls.names import certificate_names
from thinx_console.supervisor.console import ROOT, Console, StartError

MASTER_KEY_CODE = (
    "import sys; from pathlib import Path; from core.crypto import create_keyring;"
    "create_keyring(Path(sys.argv[1]))"
)

# Parts of the Django admin that no page of ours loads; compressing them took most of its share.
UNUSED_STATIC = ("admin/js/vendor/*", "admin/css/vendor/*", "admin/img/gis/*")


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """Run one management command; return what it printed, or raise StartError with its words."""
    return _python(env, arguments[0], str(ROOT / "manage.py"), *arguments)


def _python(env: Mapping[str, str], name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=dict(env),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise StartError("\n".join([f"{name} failed:", *words]))
    return done.stdout


def ensure_master_key(console: Console, env: Mapping[str, str]) -> str:
    """Create the key on the first start; refuse when it went missing later."""
    path = Path(env.get("THINX_MASTER_KEY_FILE") or console.data / "master.key")
    stamp = console.state / "master-key"
    if path.exists():
        _check_key(path)
        return "found"
    database = console.sqlite_file
    if stamp.exists() or (database is not None and database.exists()):
        raise StartError(
            f"The master key {path} is missing, and this installation has data that only it can "
            "decrypt. Put the file back from your backup, or set THINX_MASTER_KEY_FILE to where "
            "it is. (To begin anew, remove the whole data folder.)"
        )
    _python(env, "the master key", "-c", MASTER_KEY_CODE, str(path))
    stamp.write_text(f"{path}\n", encoding="utf-8")
    return f"made: {path}. Keep a copy: without it no stored secret can be read"


def _check_key(path: Path) -> None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        usable = content["current"] in content["keys"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"The master key {path} cannot be read: {error}.") from error
    if not usable:
        raise StartError(f"The master key {path} holds no usable key.")


def ensure_certificate(console: Console, env: Mapping[str, str]) -> str:
    """Make the CA and the server's certificate, renew it when it is due, or check a named one."""
    named = [env.get(f"THINX_TLS_{part}", "") for part in ("CERTIFICATE", "KEY")]
    if any(named):
        return _check_named_certificate(env, *named)
    names = certificate_names(env)
    stamp = console.state / "certificate"
    done, _, due = _read(stamp).partition("\n")
    files = [console.tls / name for name in ("ca.pem", "ca.key", "server.pem")]
    if done == " ".join(names) and time.time() < float(due or 0) and all(map(Path.exists, files)):
        return "found"
    outcome, due = _tls(env, str(console.tls)).split()
    stamp.write_text(f"{' '.join(names)}\n{due}", encoding="utf-8")
    return outcome


def _check_named_certificate(env: Mapping[str, str], certificate: str, key: str) -> str:
    if not certificate or not key:
        raise StartError(
            "THINX_TLS_CERTIFICATE and THINX_TLS_KEY belong together: set both, or neither for a "
            "certificate of the installation's own CA."
        )
    _tls(env, certificate, key)
    return f"found: {certificate}"


def _tls(env: Mapping[str, str], *arguments: str) -> str:
    return _python(env, "the certificate", "-m", "core.tls", *arguments)


def authority_words(console: Console, env: Mapping[str, str]) -> str:
    """Say where devices find the CA and how to recognize it."""
    if env.get("THINX_TLS_CERTIFICATE"):
        return f"certificate {env['THINX_TLS_CERTIFICATE']}"
    digest = hashlib.sha256((console.tls / "ca.pem").read_bytes()).hexdigest()
    return f"{console.http_url}/ca.pem  SHA-256 {digest}"


def ensure_migrated(console: Console, env: Mapping[str, str]) -> str:
    """Bring the tables up to date, unless code and database are those of the last time."""
    stamp = console.state / "migrated"
    code = fingerprint([ROOT / "requirements.txt", *sorted(ROOT.glob("*/migrations/*.py"))])
    wanted = f"{code} {_applied(console)}"
    if _has_history(console, env) and _applied(console) and _read(stamp) == wanted:
        return "up to date"
    (console.state / "operator").unlink(missing_ok=True)
    manage(env, "migrate", "--no-input", "--verbosity", "0")
    stamp.write_text(f"{code} {_applied(console)}", encoding="utf-8")
    return "migrated"


def _has_history(console: Console, env: Mapping[str, str]) -> bool:
    """Tell whether the file of the devices' history is there, if there is to be one."""
    name = "THINX_TELEMETRY_DATABASE_URL"
    elsewhere = console.sqlite_file is None or env.get(name) or env.get(f"{name}_FILE")
    return bool(elsewhere) or (console.data / "telemetry.sqlite3").exists()


def _applied(console: Console) -> str:
    """Fingerprint of the applied migrations; empty when it cannot be told without Django."""
    path = console.sqlite_file
    if path is None or not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            rows = database.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
            return hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
    except sqlite3.Error:
        return ""


def ensure_static(console: Console, env: Mapping[str, str]) -> str:
    """Collect and compress the static files, unless they are those of the last time."""
    stamp, wanted = console.state / "static", static_fingerprint()
    if (console.data / "static" / "staticfiles.json").exists() and _read(stamp) == wanted:
        return "up to date"
    unused = [f"--ignore={pattern}" for pattern in UNUSED_STATIC]
    manage(env, "collectstatic", "--no-input", "--clear", "--verbosity", "0", *unused)
    stamp.write_text(wanted, encoding="utf-8")
    return "collected"


def static_fingerprint() -> str:
    """Return what the collected static files depend on, in short."""
    sources = [path for path in ROOT.glob("static/**/*") if path.is_file()]
    return fingerprint([ROOT / "requirements.txt", *sorted(sources)])


def first_operator_link(console: Console, env: Mapping[str, str]) -> str:
    """Return the one-time link that creates the first operator, or nothing when there is one."""
    stamp = console.state / "operator"
    if stamp.exists():
        return ""
    link = manage(env, "first_operator_link").strip()
    if not link:
        stamp.touch()
    return link


def remove_leftovers(console: Console) -> None:
    """Remove sockets, pid files and beat's half-written schedule of a start that was killed."""
    for path in console.run.iterdir():
        stale = path.suffix in {".pid", ".rdb", ".conf"} or path.name.startswith("beat-schedule")
        if stale or path.is_socket():
            path.unlink(missing_ok=True)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return one digest of many files, their names included."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(os.fsencode(path.relative_to(ROOT)))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
