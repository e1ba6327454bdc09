"""The foreground process of `make run`: prepares, starts the guard, waits, reports, ends it all."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from thinx_console.supervisor import prepare
from thinx_console.supervisor.console import BOOTSTRAP, EMBEDDED, Console, StartError
from thinx_console.supervisor.guard import STOP_SECONDS, start_guard
from thinx_console.supervisor.processes import (
    adopt_orphans,
    descendants_of,
    die_with_parent,
    end_descendants,
    memory_of,
    reap,
    send,
)
from thinx_console.supervisor.programs import programs_of, supervisord_argv, supervisord_conf

READY_SECONDS = 180.0
DESCRIPTORS = 65_536
Preparation = Callable[[Console, dict[str, str]], str]
STOP_SIGNALS = {
    # What whoever started this had ignored (nohup, a background job) stays ignored.
    number
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    if signal.getsignal(number) is not signal.SIG_IGN
}


def main() -> int:
    """Start the console and stay until it is ended; return the exit code."""
    began = time.monotonic()
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    if os.environ.get("MAKELEVEL"):
        # A killed `make run` takes the console with it; one started by a shell may outlive it.
        die_with_parent(signal.SIGTERM)
    try:
        console = Console.from_environment(os.environ)
        console.make_folders()
        with single_start(console):
            return _run(console, began)
    except StartError as error:
        sys.stderr.write(f"\nThe console did not start. {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _leave(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def say(text: str) -> None:
    """Print at once: who starts the console watches it come up."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def single_start(console: Console) -> Iterator[None]:
    """Hold the data folder's lock; the guard inherits it, so it lasts until all has ended."""
    path = console.data / "console.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(handle, 200, 0).decode(errors="replace").strip()
        os.close(handle)
        raise StartError(
            f"A console is running on the data folder {console.data} already ({owner}). "
            f"End it first, or set THINX_DATA_DIR, {', '.join(console.ports)} to run a second one "
            "beside it."
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"process {os.getpid()}, {console.http_url}\n".encode(), 0)
    try:
        yield
    finally:
        os.close(handle)


def check_ports(console: Console) -> None:
    """Refuse ports that cannot be had, naming the variable that moves them."""
    wanted = dict(console.ports)
    if console.mqtt_broker != EMBEDDED:
        del wanted["THINX_MQTT_PORT"], wanted["THINX_MQTTS_PORT"]  # another broker listens there
    by_port = {port: name for name, port in reversed(wanted.items())}
    for name, port in wanted.items():
        if by_port[port] != name:
            raise StartError(f"{by_port[port]} and {name} must be two different ports, not {port}.")
    family = socket.AF_INET6 if ":" in console.bind else socket.AF_INET
    for name, port in wanted.items():
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((console.bind, port))
            except OSError as error:
                raise StartError(_port_problem(console, name, port, error)) from error


def _port_problem(console: Console, name: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {console.bind} is taken by another program. "
            f"Set {name} to a free one, for example: {name}={port + 1000} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights this user does not have. Set {name} to one above 1023."
    return f"THINX_BIND={console.bind} cannot be used on this machine: {error.strerror}."


def _run(console: Console, began: float) -> int:
    check_ports(console)
    raise_descriptor_limit()
    env = console.environment(os.environ)
    _step("master key", prepare.ensure_master_key, console, env)
    _step("certificate", prepare.ensure_certificate, console, env)
    _step("database", prepare.ensure_migrated, console, env)
    _step("static files", prepare.ensure_static, console, env)
    prepare.remove_leftovers(console)
    programs = programs_of(console)
    console.supervisord_conf.write_text(supervisord_conf(programs), encoding="utf-8")
    adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS | {signal.SIGCHLD})
    guard = start_guard(supervisord_argv(console), env, console.data)
    status = _accompany(guard, console, began)
    end_descendants(patience=STOP_SECONDS if status else 0.0)
    return status


def raise_descriptor_limit() -> None:
    """Allow the programs as many connections as this user may have; 1,024 is a small fleet."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _step(name: str, work: Preparation, console: Console, env: dict[str, str]) -> None:
    sys.stdout.write(f"  {name:<14}")
    sys.stdout.flush()
    began = time.monotonic()
    outcome = work(console, env)
    seconds = time.monotonic() - began
    say(outcome + (f" ({seconds:.1f} s)" if seconds > 0.2 else ""))


def _accompany(guard: int, console: Console, began: float) -> int:
    """Report until the console is up, then wait until it is told to end, or ends by itself."""
    watch = _Watch(console, began)
    stopping = False
    while True:
        woken = signal.sigtimedwait(STOP_SIGNALS | {signal.SIGCHLD}, watch.pause)
        ended = reap()
        if guard in ended:
            if not stopping and not watch.failed:
                say("\nThe process manager ended unexpectedly; everything was stopped.")
            return 0 if stopping and ended[guard] == 0 else 1
        if woken and woken.si_signo in STOP_SIGNALS:
            if stopping:
                end_descendants(patience=0.0)
                return 1
            say("\nStopping.")
            stopping = True
            watch.done = True
            send(guard, signal.SIGTERM)
        elif not watch.done:
            watch.look()
            if watch.failed:
                send(guard, signal.SIGTERM)


class _Watch:
    """Follows `/health/ready` until it says 200, and prints each part as it comes up."""

    def __init__(self, console: Console, began: float) -> None:
        self.console = console
        self.began = began
        self.deadline = time.monotonic() + READY_SECONDS
        self.done = False
        self.failed = False
        self.poked = False
        self.failures: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.next_states = time.monotonic() + 2.0

    @property
    def pause(self) -> float:
        return 3600.0 if self.done else 0.2

    def look(self) -> None:
        from thinx_console.supervisor import ready  # noqa: PLC0415  not in the guard's memory

        if not self.poked:
            # supervisord starts its programs after a second of silence, or at once when asked.
            self.poked = bool(ready.program_states(self.console))
        health = ready.ask_health(self.console)
        for name, state in health.parts.items():
            if state == "up" and name not in self.seen:
                self.seen.add(name)
                say(f"  {name:<14}up ({time.monotonic() - self.began:.1f} s)")
        if health.ready:
            self.done = True
            self._welcome()
        elif time.monotonic() > self.next_states:
            self.next_states = time.monotonic() + 2.0
            for name, state in ready.program_states(self.console).items():
                self.failures[name] += state in {"FATAL", "EXITED", "BACKOFF"}
            broken = [name for name, count in self.failures.items() if count > 1]
            if broken or time.monotonic() > self.deadline:
                self._give_up(broken, health.parts)

    def _give_up(self, broken: list[str], parts: dict[str, str]) -> None:
        from thinx_console.supervisor import ready  # noqa: PLC0415

        self.done = self.failed = True
        waiting = [name for name, state in parts.items() if state != "up"] or ["web"]
        say("\nThe console did not come up. Not ready: " + ", ".join(broken or waiting))
        for name in broken or [program.name for program in programs_of(self.console)]:
            path = self.console.log / f"{name}.log"
            say(f"\n--- the end of {path}")
            say("\n".join(ready.last_lines(path)))

    def _welcome(self) -> None:
        env = self.console.environment(os.environ)
        named = {name: value for name, value in os.environ.items() if name in BOOTSTRAP}
        try:
            link = prepare.first_operator_link(self.console, {**env, **named})
        except StartError as error:
            link = f"not available: {error}"
        say(f"\nReady after {time.monotonic() - self.began:.1f} s.\n")
        url = os.environ.get("THINX_PUBLIC_URL") or self.console.http_url
        say(f"  Console  {url.rstrip('/')}/")
        say(f"  TLS      {self.console.https_url}/")
        say(f"  MQTT     {self.console.local_address}:{self.console.mqtt_port}")
        say(f"           {self.console.local_address}:{self.console.mqtts_port} with TLS")
        say(f"  CA       {prepare.authority_words(self.console, env)}")
        say(f"  Data     {self.console.data}")
        say(f"  Memory   {memory_report()}")
        if link:
            say(f"\n  Create the first operator; this link works once:\n  {link}")
        say("\nCtrl-C ends everything.")


def memory_report() -> str:
    """Say what everything started here takes."""
    rows = [memory_of(pid) for pid in [os.getpid(), *descendants_of(os.getpid())]]
    resident, proportional = (sum(column) // 1024 for column in zip(*rows, strict=True))
    return (
        f"{proportional} MB for all {len(rows)} processes, shared pages counted once "
        f"({resident} MB counted in each)"
    )
