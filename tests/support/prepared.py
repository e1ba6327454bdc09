"""What a console does at its first start, done once for all the consoles that tests start.

Tables and static files take half a minute of one core. The console looks at its stamps and does
again what was done for other code.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from thinx_console.supervisor import prepare
from thinx_console.supervisor.console import ROOT, Console

CACHE = ROOT / ".pytest_cache"
STEPS = (
    prepare.ensure_master_key,
    prepare.ensure_certificate,
    prepare.ensure_migrated,
    prepare.ensure_static,
)


def inherited() -> dict[str, str]:
    """Return what a console gets of the environment: nothing of the test run's own settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def lend_first_start(data: Path) -> None:
    """Make the data folder of a console whose first start is behind it, but for its people."""
    shutil.copytree(_first_start(), data)


def _first_start() -> Path:
    """Return the folder to copy; of several processes one fills it, and the others wait."""
    code = prepare.fingerprint(sorted(ROOT.glob("*/migrations/*.py")))
    kept = CACHE / f"console-{prepare.static_fingerprint()[:12]}-{code[:12]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "console.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = Path(tempfile.mkdtemp(dir=CACHE, prefix="console-"))
            try:
                _fill(made)
                made.rename(kept)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return kept


def _fill(data: Path) -> None:
    environ = {**inherited(), "THINX_DATA_DIR": str(data)}
    console = Console.from_environment(environ)
    console.state.mkdir()
    for step in STEPS:
        step(console, console.environment(environ))
