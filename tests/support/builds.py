"""Runs whole builds without the database, and their firmware on what stands for a device."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from builds.engine.environment import DeviceFacts, ServerFacts
from builds.engine.git_access import GitAccess
from builds.engine.run import BuildRequest, BuildResult, run_build

BOARD = Path(__file__).parents[1] / "tools" / "micropython"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


@dataclass
class Built:
    """A build that ended well, with all that it said."""

    result: BuildResult
    folder: Path
    lines: list[tuple[str, str]]
    stages: list[str]

    @property
    def firmware(self) -> Path:
        """Return the file that devices get."""
        return self.folder / self.result.firmware_file


@dataclass
class Workshop:
    """Builds repositories of a git server into fresh folders."""

    parent: Path
    lines: list[tuple[str, str]] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    made: int = 0

    def build(self, access: GitAccess, *, cancelled=lambda: False, **changes) -> Built:
        """Run one build to its end."""
        self.made += 1
        folder = self.parent / f"artifacts-{self.made}"
        workdir = self.parent / "work"
        folder.mkdir()
        workdir.mkdir(exist_ok=True)
        self.lines, self.stages = [], []
        facts = {
            "branch": "main",
            "number": 3,
            "device": DeviceFacts(
                "u-d-i-d", "probe", "o" * 64, "", auto_update=True, api_key="k" * 64
            ),
            "server": ServerFacts("http://console.example.com:7442"),
            "variables": {"GREETING": "Good morning"},
        }
        request = BuildRequest(
            access=access, destination=folder, workdir=workdir, **{**facts, **changes}
        )
        result = run_build(
            request,
            on_stage=self.stages.append,
            on_line=lambda stream, text: self.lines.append((stream, text)),
            cancelled=cancelled,
        )
        return Built(result, folder, self.lines, self.stages)

    @property
    def text(self) -> str:
        """Return the log as text."""
        return "\n".join(text for _, text in self.lines)

    @property
    def leftovers(self) -> list[Path]:
        """Return what the builds left in the work folder."""
        return list((self.parent / "work").iterdir())


def uncoloured(text: str) -> str:
    """Return a text without its colours."""
    return COLOUR.sub("", text)


def run_zipapp(firmware: Path) -> str:
    """Run a Python firmware with the system's Python."""
    return _run(["/usr/bin/python3", "-I", str(firmware)], CLEAN)


def run_avr(firmware: Path) -> str:
    """Run an AVR firmware in simavr and return what it sent over its UART."""
    line = ["timeout", "10", "simavr", "-m", "atmega328p", "-f", "16000000", str(firmware)]
    text = uncoloured(_run(line, CLEAN))
    return "\n".join(part.removesuffix("..") for part in text.splitlines())


def run_micropython(firmware: Path) -> str:
    """Install a `type: file` firmware on a WebAssembly board and start it."""
    install_board()
    return _run(["node", str(BOARD / "board.mjs"), str(firmware)], {**CLEAN, **_node_path()})


def install_board() -> None:
    """Install the interpreter from the committed lock file, once."""
    with (Path(tempfile.gettempdir()) / "thinx-test-board.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes side by side install it once
        if not (BOARD / "node_modules" / "@micropython").is_dir():
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=BOARD,
                check=True,
                capture_output=True,
            )


def _node_path() -> dict[str, str]:
    node = shutil.which("node")
    assert node is not None, "Node.js is needed: apt-get install -y nodejs npm"
    return {"PATH": f"{Path(node).parent}{os.pathsep}{CLEAN['PATH']}"}


def _run(line: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        line, env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr  # simavr shows its UART on standard error
