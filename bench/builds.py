"""One build by the console against `git clone --depth 1` and the same compile by hand."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bench.measure import Result, interleaved, median, rounded
from tests.support.console import ROOT, Rest, RunningConsole

TIMES = 7
PACK = ROOT / "builds" / "platforms" / "python" / "tools" / "pack.py"
AVR = "/usr/share/arduino-builder"


def measure(console: RunningConsole, rest: Rest) -> list[Result]:
    """Return one result for each platform."""
    return [
        _one(console, rest, "python", "zipapp", _pack_python),
        _one(console, rest, "arduino", "arduino-builder", _compile_arduino),
    ]


def _one(
    console: RunningConsole, rest: Rest, name: str, tool: str, compile_by_hand: Callable[..., None]
) -> Result:
    url = f"{console.url}/examples/{name}.git"
    source = rest.post("sources/", alias=f"bench {name}", url=url)
    device = rest.post("devices/", alias=f"bench {name}", platform=name, source=source["uid"])
    by_console(rest, device["uid"])  # warm, like the compiler of the reference
    by_hand(url, compile_by_hand)
    before = console.cpu_seconds()
    cpu_by_hand = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours, theirs = interleaved(
        TIMES, lambda: by_console(rest, device["uid"]), lambda: by_hand(url, compile_by_hand)
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    hand_seconds = (used.ru_utime + used.ru_stime) - (cpu_by_hand.ru_utime + cpu_by_hand.ru_stime)
    return Result(
        name=f"build of the {name} example, from request to firmware",
        unit="s",
        better="less",
        ours=median(ours),
        reference=median(theirs),
        reference_name=f"git clone --depth 1 + {tool}",
        database="SQLite",
        rows=f"{TIMES} times",
        details={
            "ours_all": rounded(ours),
            "reference_all": rounded(theirs),
            "overhead_ms": round((median(ours) - median(theirs)) * 1000, 1),
            "cpu_seconds_ours_each": round((console.cpu_seconds() - before) / TIMES, 3),
            "cpu_seconds_reference_each": round(hand_seconds / TIMES, 3),
        },
    )


def by_console(rest: Rest, device: str) -> float:
    """Return the seconds from the request to the moment the firmware is there."""
    began = time.time()
    build = rest.post("builds/", device=device)
    build = rest.finished_build(build["uid"])
    if build["status"] != "succeeded":
        raise RuntimeError(f"the build {build['status']}: {build['error_message']}")
    return datetime.fromisoformat(build["finished_at"]).timestamp() - began


def by_hand(url: str, compile_by_hand: Callable[..., None]) -> float:
    """Return the seconds that a clone and the same compile take a person with a shell."""
    with tempfile.TemporaryDirectory(prefix="thinx-bench-") as folder:
        checkout, out = Path(folder) / "src", Path(folder) / "out"
        out.mkdir()
        began = time.time()
        _run("git", "clone", "-q", "--depth", "1", url, str(checkout))
        compile_by_hand(checkout, out)
        return time.time() - began


def _pack_python(checkout: Path, out: Path) -> None:
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    _run(python, "-I", "-S", "-B", str(PACK), str(checkout), str(out / "app.pyz"), "main.py")


def _compile_arduino(checkout: Path, out: Path) -> None:
    _run(
        "arduino-builder", "-compile", "-hardware=/usr/share/arduino/hardware", f"-hardware={AVR}",
        f"-tools={AVR}", "-fqbn=arduino:avr:uno", f"-build-path={out}",
        "-prefs=compiler.path=/usr/bin/", "-prefs=runtime.tools.avr-gcc.path=/usr",
        "-prefs=runtime.tools.ctags.path=/usr",
        "-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
        str(checkout / "example.ino"),
    )  # fmt: skip


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
