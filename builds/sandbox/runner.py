"""The two runners: bubblewrap, and (only when the operator says so) none."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections import deque
from dataclasses import replace
from pathlib import Path

from builds.exceptions import BuildPlatformError, BuildUserError
from builds.sandbox import cgroups, command, init, output, slots
from builds.sandbox.collect import receive
from builds.sandbox.contract import (
    Cancelled,
    Hint,
    OnLine,
    Outcome,
    Runner,
    SandboxJob,
)
from builds.sandbox.supervise import Supervision
from core.ansi import clean

NO_SPACE = "No space left on device"
SIGXCPU_CODE = 128 + 24
SIGKILL_CODE = 128 + 9


class SandboxRunner:
    """Runs jobs inside bubblewrap with the whole line of `command.py`.

    Raises BuildPlatformError("build.platform.no_sandbox") when the sandbox does not start.
    """

    name = "bubblewrap"

    def run(
        self, job: SandboxJob, destination: Path, *, on_line: OnLine, cancelled: Cancelled
    ) -> Outcome:
        """Run the steps, put the wanted files into `destination`, say how it ended."""
        limits = job.limits
        name = uuid.uuid4().hex[:12]
        memory = limits.memory + limits.disk + limits.temp  # its folders lie in memory
        with (
            slots.slot_uid(cancelled) as uid,
            cgroups.limited(name, memory=memory, processes=limits.processes + 8) as group,
            tempfile.TemporaryFile() as out,
        ):
            if not group.folders:
                on_line(output.SYSTEM, cgroups.UNAVAILABLE)
            watch = _Watch(job, on_line, cancelled)
            code = watch.run(
                lambda handles: command.sandbox_line(
                    limits, handles, uid=uid, join_files=group.join_files
                ),
                out,
            )
            return watch.outcome(code, out, destination, out_of_memory=group.out_of_memory())


class OpenRunner:
    """Runs jobs without a sandbox. For machines of a developer who said THINX_SANDBOX=none."""

    name = "none"

    def run(
        self, job: SandboxJob, destination: Path, *, on_line: OnLine, cancelled: Cancelled
    ) -> Outcome:
        """Run the steps in a temporary folder with the rights of this process."""
        on_line(
            output.SYSTEM,
            "This build runs without a sandbox, because THINX_SANDBOX=none is set. "
            "Its code can read and change whatever the worker can.",
        )
        with (
            tempfile.TemporaryDirectory(prefix="thinx-open-build-") as work,
            tempfile.TemporaryFile() as out,
        ):
            watch = _Watch(job, on_line, cancelled)
            code = watch.run(
                lambda handles: command.open_line(
                    job.limits, handles, init=init.__file__, work=work
                ),
                out,
            )
            return watch.outcome(code, out, destination, out_of_memory=False)


class _Watch(Supervision):
    """A supervision that can say what the end means."""

    def __init__(self, job: SandboxJob, on_line: OnLine, cancelled: Cancelled) -> None:
        self.last_errors: deque[str] = deque(maxlen=3)
        self.said_full = False

        def remember(stream: str, text: str) -> None:
            if stream == output.STDERR:
                self.last_errors.append(text)
                self.said_full = self.said_full or NO_SPACE in text
            on_line(stream, text)

        super().__init__(job, remember, cancelled)

    def outcome(self, code: int, out: object, destination: Path, *, out_of_memory: bool) -> Outcome:
        """Say how the job ended; raises when it never really began."""
        basis = Outcome(
            "ok", code, seconds=self.seconds, log_truncated=self.log.truncated,
            refused=tuple(self.refused),
        )  # fmt: skip
        if self.ending:
            return replace(basis, ending=self.ending)
        self._check_start(code, out_of_memory=out_of_memory)
        if self.failed is not None:
            index, code = self.failed
            hint: Hint = (
                "disk"
                if self.full or self.said_full
                else self._hint(code, out_of_memory=out_of_memory)
            )
            step = self.job.steps[index].argv
            return replace(basis, ending="failed", code=code, failed_step=step, hint=hint)
        if code != 0:
            hint = self._hint(SIGKILL_CODE, out_of_memory=out_of_memory)
            return replace(basis, ending="failed", hint=hint)
        out.seek(0)  # type: ignore[attr-defined]
        collected, refused = receive(out, destination, self.job)  # type: ignore[arg-type]
        return replace(basis, collected=tuple(collected), refused=(*self.refused, *refused))

    def _check_start(self, code: int, *, out_of_memory: bool) -> None:
        if not self.ready:
            reason = " ".join(self.last_errors) or f"it ended with code {code}"
            raise BuildPlatformError(
                "build.platform.no_sandbox",
                "The build sandbox did not start on this worker, so nothing was built: "
                f"{clean(reason)[:300]}",
            )
        if self.fault and (self.full or out_of_memory):
            raise BuildUserError(
                "build.user.disk_full",
                "The repository does not fit into the work folder of a build "
                f"({self.job.limits.disk // (1024 * 1024)} MB).",
            )
        if self.fault:
            raise BuildPlatformError(
                "build.platform.sandbox_failed",
                f"The sandbox could not take the source: {self.fault}",
            )

    @staticmethod
    def _hint(code: int, *, out_of_memory: bool) -> Hint:
        if out_of_memory:
            return "memory"
        return "cpu" if code == SIGXCPU_CODE else ""


def make_runner(sandbox: str = "bubblewrap") -> Runner:
    """Return the runner for the setting THINX_SANDBOX: `bubblewrap`, or `none`."""
    if sandbox == "none":
        return OpenRunner()
    return SandboxRunner()


def is_root() -> bool:
    """Say whether this worker can give each build a user id of its own."""
    return os.geteuid() == 0
