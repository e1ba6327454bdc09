"""Follows one running job: its output, its time, its end."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from builds.sandbox import init, output, seccomp
from builds.sandbox.command import Handles, clean_environment
from builds.sandbox.contract import Cancelled, Ending, OnLine, SandboxJob
from builds.sandbox.package import pack

TICK = 0.2
DRAIN_SECONDS = 2.0
READ = 1 << 16
MakeLine = Callable[[Handles], list[str]]
React = Callable[[bytes], None]
Buffers = dict[int, tuple[str, output.LineBuffer]]


class Supervision:
    """One running job. Lives in one thread: the chain dies with the thread that started it."""

    def __init__(self, job: SandboxJob, on_line: OnLine, cancelled: Cancelled) -> None:
        self.job = job
        self.cancelled = cancelled
        self.log = output.LogBudget(on_line, job.limits.log)
        self.ready = self.full = False
        self.fault = ""
        self.failed: tuple[int, int] | None = None
        self.refused: list[str] = []
        self.ending: Ending | None = None
        self.started = time.monotonic()
        self._control = output.LineBuffer(READ)
        self._inner: int | None = None

    @property
    def seconds(self) -> float:
        """Return how long this has been running."""
        return time.monotonic() - self.started

    def run(self, make_line: MakeLine, out: IO[bytes]) -> int:
        """Start the chain, follow it to its end, return its exit code.

        `out` receives the wanted files. Nothing of the chain is alive when this returns.
        """
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(tempfile.TemporaryFile())
            pack(self.job, source)
            source.seek(0)
            control, control_in = self._pipe(stack)
            lifeline, self._lifeline = self._pipe(stack)
            info, info_in = self._pipe(stack)
            filters = self._memory(stack, "seccomp", seccomp.make_filter())
            script = self._memory(stack, "init", Path(init.__file__).read_bytes())
            inherited = (control_in, out, lifeline, filters, script, info_in)
            handles = Handles(*(file.fileno() for file in inherited))
            process = subprocess.Popen(
                make_line(handles),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=clean_environment(),
                cwd="/",
                pass_fds=[file.fileno() for file in inherited],
                start_new_session=True,
            )
            for file in (control_in, lifeline, info_in):
                file.close()
            try:
                self._follow(process, control, info)
            finally:
                self._kill(process)
                process.communicate()
                if self._inner is not None:
                    os.close(self._inner)
        return process.returncode

    @staticmethod
    def _pipe(stack: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
        reader, writer = os.pipe()
        return (
            stack.enter_context(os.fdopen(reader, "rb", 0)),
            stack.enter_context(os.fdopen(writer, "wb", 0)),
        )

    @staticmethod
    def _memory(stack: contextlib.ExitStack, name: str, data: bytes) -> IO[bytes]:
        file = stack.enter_context(os.fdopen(os.memfd_create(name), "w+b", 0))
        file.write(data)
        file.seek(0)
        return file

    def _follow(
        self, process: subprocess.Popen[bytes], control: IO[bytes], info: IO[bytes]
    ) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        buffers: Buffers = {
            process.stdout.fileno(): (output.STDOUT, output.LineBuffer(self.job.limits.log_line)),
            process.stderr.fileno(): (output.STDERR, output.LineBuffer(self.job.limits.log_line)),
        }
        reactions: dict[int, React] = {
            handle: self._printer(*named) for handle, named in buffers.items()
        }
        self._drain = lambda: self._take_all(buffers, reactions)
        reactions |= {control.fileno(): self._on_control, info.fileno(): self._on_info}
        self._loop(process, reactions)
        self._flush(buffers)
        self.log.finish()

    def _take_all(self, buffers: Buffers, reactions: dict[int, React]) -> None:
        """Take what the finished step has written, its unfinished last line too."""
        for handle in buffers:
            self._read(handle, reactions[handle], again=True)
        self._flush(buffers)

    def _flush(self, buffers: Buffers) -> None:
        for name, buffer in buffers.values():
            for text in buffer.flush():
                self.log.line(name, text)

    def _loop(self, process: subprocess.Popen[bytes], reactions: dict[int, React]) -> None:
        """Read until all ends are closed; end the chain when its time is over."""
        ended_at = 0.0
        with selectors.DefaultSelector() as selector:
            for handle in reactions:
                os.set_blocking(handle, False)
                selector.register(handle, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(TICK):
                    if not self._read(key.fd, reactions[key.fd]):
                        selector.unregister(key.fd)
                if process.poll() is not None:
                    ended_at = ended_at or time.monotonic()
                    if time.monotonic() - ended_at > DRAIN_SECONDS:
                        return
                elif self._is_over():
                    self._kill(process)

    def _is_over(self) -> bool:
        if self.ending is None and self.cancelled():
            self.ending = "cancelled"
        elif self.ending is None and self.seconds > self.job.limits.seconds:
            self.ending = "timeout"
        return self.ending is not None

    @staticmethod
    def _read(handle: int, react: React, *, again: bool = False) -> bool:
        """Read once, or all that is there; return False at the end of the stream."""
        while True:
            try:
                chunk = os.read(handle, READ)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            react(chunk)
            if not again:
                return True

    def _printer(self, name: str, buffer: output.LineBuffer) -> React:
        def react(chunk: bytes) -> None:
            for text in buffer.feed(chunk):
                self.log.line(name, text)

        return react

    def _on_info(self, chunk: bytes) -> None:
        """Learn the first process inside, to be able to end it directly."""
        with contextlib.suppress(ValueError, KeyError, OSError):
            self._inner = os.pidfd_open(int(json.loads(chunk)["child-pid"]))

    def _on_control(self, chunk: bytes) -> None:
        for line in self._control.feed(chunk):
            with contextlib.suppress(ValueError, IndexError):
                self._on_event(*line.split("\t"))

    def _on_event(self, event: str, *words: str) -> None:
        """React to one line of init.py. Foreign code runs beside it, so nothing is believed."""
        match event:
            case "ready":
                self.ready = True
            case "step":
                step = self.job.steps[int(words[0])]
                self._drain()
                self.log.line(output.COMMAND, shown(step.argv))
                with contextlib.suppress(OSError):
                    self._lifeline.write(b".")
            case "exit":
                self.failed = (int(words[0]), int(words[1]))
                self.full = words[2] == "1"
            case "fault":
                self.fault = words[1][:500]
                self.full = words[0] == "1"
            case "refused" if len(self.refused) < self.job.limits.artifacts:
                self.refused.append(f"{words[0]} is {words[1]}"[:500])

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """End the whole chain: the group outside and the first process inside."""
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        if self._inner is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._inner, signal.SIGKILL)


def shown(argv: tuple[str, ...]) -> str:
    """Return a command as people write it, without our folder names."""
    return shlex.join(part.replace("{work}/", "").replace("\n", " ") for part in argv)
