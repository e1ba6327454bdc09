"""What goes into a sandbox and what comes out of it. Plain data, no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

OnLine = Callable[[str, str], None]
Cancelled = Callable[[], bool]
Ending = Literal["ok", "failed", "timeout", "cancelled"]
Hint = Literal["", "disk", "memory", "cpu"]

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one build may use. Sizes are in bytes, times in seconds."""

    seconds: float = 600
    cpu_seconds: int = 300
    memory: int = 1024 * MIB
    address_space: int = 4096 * MIB
    processes: int = 128
    disk: int = 512 * MIB
    temp: int = 64 * MIB
    file: int = 64 * MIB
    open_files: int = 1024
    artifacts: int = 32
    log: int = 4 * MIB
    log_line: int = 4096


@dataclass(frozen=True)
class Step:
    """One program to run, as an argv list; `{work}` stands for the work folder."""

    argv: tuple[str, ...]
    cwd: str = "src"


@dataclass(frozen=True)
class SandboxJob:
    """Everything a sandbox gets: the source, some files and programs, the steps, the limits.

    `files` and `programs` are put below the work folder by relative path. `globs` say which
    files of `{work}/out` are wanted afterwards.
    """

    steps: tuple[Step, ...]
    source: Path | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    programs: Mapping[str, Path] = field(default_factory=dict)
    globs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Collected:
    """One file that came out of the sandbox, already in a folder of the worker."""

    name: str
    path: Path
    size: int
    md5: str
    sha256: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `refused` names what looked like an artifact and was none."""

    ending: Ending
    code: int
    failed_step: tuple[str, ...] = ()
    hint: Hint = ""
    collected: tuple[Collected, ...] = ()
    refused: tuple[str, ...] = ()
    seconds: float = 0.0
    log_truncated: bool = False


class Runner(Protocol):
    """Runs a job to its end and never longer than its limits allow."""

    name: str

    def run(
        self, job: SandboxJob, destination: Path, *, on_line: OnLine, cancelled: Cancelled
    ) -> Outcome:
        """Run the steps, put the wanted files into `destination`, say how it ended."""
        ...
