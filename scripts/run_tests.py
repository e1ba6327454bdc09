#!/usr/bin/env python3
"""What `make test` and `make lint` run, stage by stage. Needs the development environment.

    scripts/run_tests.py                    everything
    scripts/run_tests.py lint types         some stages, by name

Checks of the text run two at a time and speak only when they fail; tests speak as they go.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
WORKERS = f"{max(2, os.cpu_count() or 2)}"

# What tests start for real. A missing one fails here, with a sentence, and skips nothing.
PROGRAMS = {
    "git": "git",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "slapd": "slapd",
    "mosquitto": "mosquitto",
    "rabbitmq-server": "rabbitmq-server",
    "bwrap": "bubblewrap",
    "setpriv": "util-linux",
    "arduino-builder": "arduino-builder",
    "avr-gcc": "gcc-avr",
    "simavr": "simavr",
    "gcc": "gcc",
    "node": "nodejs",
    "npm": "npm",
    "chromium": "chromium",
}


@dataclass(frozen=True)
class Stage:
    """One check: a command, and what its environment has besides."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    loud: bool = False


@dataclass(frozen=True)
class Result:
    """How a stage ended."""

    name: str
    passed: bool
    seconds: float


PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "thinx_console.settings.production",
    "THINX_PUBLIC_URL": "https://console.example.org",
    "THINX_DATABASE_URL": "postgres://console@db.example.org/console",
    "THINX_REDIS_URL": "redis://redis.example.org/0",
    "THINX_EMAIL_URL": "smtp://mail.example.org:587?tls=starttls",
    "THINX_SECRET_KEY": "only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
}
TESTENV = (PYTHON, "scripts/testenv.py")
PYTEST = (PYTHON, "-m", "pytest", "--no-header", "-n", WORKERS)
# The tests of one file go through the same console, as a journey: together, and as written.
IN_ORDER = ("--dist", "loadfile", "-p", "no:randomly")
# Once is enough for what has no database, or starts consoles with databases of their own.
ON_POSTGRES = "not browser and not ops and not once and (not toolchain or django_db)"

STAGES = (
    Stage("lint", (PYTHON, "-m", "ruff", "check", ".")),
    Stage("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Stage("spelling", (str(BIN / "codespell"),)),
    Stage("types", (PYTHON, "-m", "mypy")),
    Stage("layers", (str(BIN / "lint-imports"), "--no-cache")),
    Stage("migrations", (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run")),
    Stage(
        "deploy-check",
        (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        env=PRODUCTION,
    ),
    Stage("sqlite", (*PYTEST, "-m", "not browser"), loud=True),
    # The whole server goes afterwards; dropping its databases would only wait for stragglers.
    Stage("postgres", (*TESTENV, *PYTEST, "--reuse-db", "-m", ON_POSTGRES), loud=True),
    Stage("browser", (*TESTENV, *PYTEST, *IN_ORDER, "-m", "browser"), loud=True),
)


def main(names: list[str]) -> int:
    """Run the named stages, or all; return 0 when each passed."""
    unknown = set(names) - {stage.name for stage in STAGES}
    if unknown:
        print(f"no such stage: {', '.join(sorted(unknown))}")
        return 2
    chosen = [stage for stage in STAGES if not names or stage.name in names]
    if any(stage.loud for stage in chosen) and not programs_present():
        return 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="thinx-test-") as folder:
        results = run_all(chosen, Path(folder))
    report(results, time.monotonic() - began)
    return 0 if all(result.passed for result in results) else 1


def programs_present() -> bool:
    """Say which programs are missing and what brings them."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = {
        name: brings for name, brings in PROGRAMS.items() if not shutil.which(name, path=path)
    }
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        print(f"Tests need programs that are not here: {', '.join(missing)}.")
        print(f"    sudo apt-get install -y --no-install-recommends {packages}")
    return not missing


def run_all(stages: list[Stage], folder: Path) -> list[Result]:
    """Run the quiet stages two at a time, then the loud ones one after the other."""
    quiet = [stage for stage in stages if not stage.loud]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda stage: run(stage, folder), quiet))
    return results + [run(stage, folder) for stage in stages if stage.loud]


def run(stage: Stage, folder: Path) -> Result:
    """Run one stage and print how it went."""
    data = folder / stage.name
    data.mkdir()
    env = {**environment(), "THINX_DATA_DIR": str(data), **stage.env}
    began = time.monotonic()
    if stage.loud:
        print(f"\n----- {stage.name}: {' '.join(stage.argv[1:])}", flush=True)
    done = subprocess.run(
        stage.argv,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=None if stage.loud else subprocess.PIPE,
        stderr=None if stage.loud else subprocess.STDOUT,
        text=True,
        check=False,
    )
    result = Result(stage.name, done.returncode == 0, time.monotonic() - began)
    words = f"\n{done.stdout}" if done.stdout and not result.passed else ""
    print(line_of(result) + words, flush=True)
    return result


def environment() -> dict[str, str]:
    """Return what every stage gets: a complete PATH and HOME, and none of the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THINX_")}
    path = f"{BIN}:{kept.get('PATH', '')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    # A long temporary folder would make the names of sockets too long.
    for name in ("DJANGO_SETTINGS_MODULE", "TMPDIR"):
        kept.pop(name, None)
    return {"HOME": tempfile.gettempdir(), "LANG": "C.UTF-8", **kept, "PATH": path}


def line_of(result: Result) -> str:
    """Return a stage's line of the report."""
    word = "passed" if result.passed else "FAILED"
    return f"{result.name:<14}{word:<8}{result.seconds:7.1f} s"


def report(results: list[Result], seconds: float) -> None:
    """Print all stages again, below what the tests said."""
    print("\n----- all stages")
    for result in results:
        print(line_of(result))
    failed = [result.name for result in results if not result.passed]
    print(f"{'failed: ' + ', '.join(failed) if failed else 'all passed'} ({seconds:.0f} s)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
