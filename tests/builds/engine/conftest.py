"""A sandbox that remembers what was printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builds.sandbox import Limits, Outcome, SandboxJob, SandboxRunner, Step
from tests.support.git_fixtures import access_to, deploy_key, git_server, workshop  # noqa: F401


@dataclass
class Shell:
    """Runs a shell script in the real sandbox."""

    folder: Path
    lines: list[tuple[str, str]] = field(default_factory=list)
    runner: object = field(default_factory=SandboxRunner)

    def run(self, *scripts: str, cancelled=lambda: False, **limits) -> Outcome:
        """Run the scripts one after the other, as steps."""
        steps = tuple(Step(("sh", "-c", script)) for script in scripts)
        limits.setdefault("seconds", 20)
        job = SandboxJob(steps, globs=("*", "*/*"), limits=Limits(**limits))
        return self.run_job(job, cancelled=cancelled)

    def python(self, source: str, **limits) -> Outcome:
        """Run a Python program."""
        limits.setdefault("seconds", 20)
        step = Step(("/usr/bin/python3", "-I", "{work}/tools/program.py"))
        job = SandboxJob(
            (step,),
            files={"tools/program.py": source.encode()},
            globs=("*",),
            limits=Limits(**limits),
        )
        return self.run_job(job)

    def run_job(self, job: SandboxJob, *, cancelled=lambda: False) -> Outcome:
        """Run a whole job."""
        return self.runner.run(
            job,
            self.folder,
            on_line=lambda stream, text: self.lines.append((stream, text)),
            cancelled=cancelled,
        )

    @property
    def text(self) -> str:
        """Return all that was printed, without the commands themselves."""
        return "\n".join(text for stream, text in self.lines if stream != "command")

    def printed(self, stream: str) -> list[str]:
        """Return the lines of one stream."""
        return [text for name, text in self.lines if name == stream]


@pytest.fixture
def shell(tmp_path) -> Shell:
    folder = tmp_path / "collected"
    folder.mkdir()
    return Shell(folder)
