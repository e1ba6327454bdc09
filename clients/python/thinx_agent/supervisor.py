"""Running firmware as a child process and watching how it does."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

log = logging.getLogger("thinx_agent")

MAX_LINE = 1 << 16
SETTLE_SECONDS = 1.0
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR")
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Outcome:
    """Whether firmware came up, and in words why not."""

    up: bool
    reason: str = ""


class Firmware:
    """One run of one firmware file."""

    def __init__(self, argv: Sequence[str], folder: Path, on_change: Callable[[], None]) -> None:
        self.last_line = ""
        self.last_error = ""
        self._on_change = on_change
        self._spoke = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent if _libc else None,
        )
        self._readers = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def exit_code(self) -> int | None:
        """The code of a run that has ended."""
        return self._process.poll()

    def watch(self, seconds: float, stopping: threading.Event) -> Outcome:
        """Wait until the firmware shows that it came up, or that it did not.

        Up is: it ended with code 0, it said something and lived on a moment, or it is alive at
        the end.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not stopping.is_set():
            if self.exit_code is not None:
                return self._ended()
            if self._spoke.is_set():
                deadline = min(deadline, time.monotonic() + min(SETTLE_SECONDS, seconds))
                self._spoke.clear()
            time.sleep(0.02)
        return self._ended() if self.exit_code is not None else Outcome(up=True)

    def stop(self, patience: float = 5.0) -> None:
        """End the run: ask first, then insist, for the whole process group."""
        signals = (signal.SIGTERM, signal.SIGKILL) if self.exit_code is None else ()
        for number in signals:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                if number == signal.SIGKILL:
                    break
        self._finish_reading()

    def _ended(self) -> Outcome:
        self._finish_reading()
        code = self.exit_code
        if code == 0:
            return Outcome(up=True)
        how = f"ended with code {code}" if code is None or code > 0 else f"ended by signal {-code}"
        return Outcome(up=False, reason=": ".join(filter(None, (how, self.last_error))))

    def _finish_reading(self) -> None:
        for reader in self._readers:
            reader.join(1.0)

    def _read_output(self) -> None:
        for line in _lines(self._process.stdout):
            log.info("firmware: %s", line)
            self.last_line = line
            self._spoke.set()
        self._on_change()

    def _read_errors(self) -> None:
        for line in _lines(self._process.stderr):
            log.warning("firmware: %s", line)
            self.last_error = line


def command(runner: Sequence[str], firmware: Path) -> list[str]:
    """Return the argv that runs a firmware; `{firmware}` and `{slot}` in a runner are filled in."""
    marks = {"{firmware}": str(firmware), "{slot}": str(firmware.parent)}
    argv = list(runner) or [sys.executable]
    if not any(mark in part for part in argv for mark in marks):
        return [*argv, str(firmware)]
    for mark, value in marks.items():
        argv = [part.replace(mark, value) for part in argv]
    return argv


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    """Yield the readable lines of a stream; a line without end is cut."""
    while stream:
        raw = stream.readline(MAX_LINE)
        if not raw:
            stream.close()
            return
        line = "".join(c if c.isprintable() else " " for c in raw.decode("utf-8", "replace"))
        if line.strip():
            yield line.strip()


def _load_libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None, use_errno=True)
    except OSError:
        return None


_libc = _load_libc()


def _die_with_parent() -> None:
    """Have the kernel end the firmware when the agent is killed."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
