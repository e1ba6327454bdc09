"""Whether builds can be sandboxed here, found out by doing it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from builds.exceptions import BuildPlatformError
from builds.sandbox import cgroups, command, seccomp
from builds.sandbox.contract import MIB, Limits, SandboxJob, Step
from builds.sandbox.runner import SandboxRunner

PACKAGES = {"bwrap": "bubblewrap", "setpriv": "util-linux", "prlimit": "util-linux"}


@dataclass(frozen=True)
class SandboxStatus:
    """The answer: may builds run, in what, and one sentence for people."""

    ok: bool
    sandbox: str
    sentence: str


def sandbox_status(sandbox: str = "bubblewrap") -> SandboxStatus:
    """Run `true` inside the real sandbox and say how that went."""
    if sandbox == "none":
        return SandboxStatus(
            ok=True,
            sandbox="none",
            sentence="Builds run without a sandbox because THINX_SANDBOX=none is set: the code "
            "of a repository can do whatever this worker can.",
        )
    missing = _missing_packages()
    if missing:
        return SandboxStatus(
            ok=False,
            sandbox="none",
            sentence="Builds are refused because the sandbox is not installed. Install it with: "
            f"apt-get install -y {' '.join(missing)}",
        )
    if not seccomp.is_known():
        return SandboxStatus(
            ok=False,
            sandbox="none",
            sentence="Builds are refused: there is no system-call filter for this processor.",
        )
    return _probe()


def _missing_packages() -> list[str]:
    path = command.clean_environment()["PATH"]
    missing = {
        package for program, package in PACKAGES.items() if not shutil.which(program, path=path)
    }
    if not Path(command.PYTHON).exists():
        missing.add("python3-minimal")
    return sorted(missing)


def _probe() -> SandboxStatus:
    job = SandboxJob((Step(("true",)),), limits=Limits(seconds=10, disk=MIB, temp=MIB))
    try:
        with tempfile.TemporaryDirectory() as folder:
            outcome = SandboxRunner().run(
                job, Path(folder), on_line=lambda stream, text: None, cancelled=lambda: False
            )
    except BuildPlatformError as error:
        return SandboxStatus(ok=False, sandbox="none", sentence=f"{error.message} {_advice()}")
    if outcome.ending != "ok":
        sentence = f"Builds are refused: the sandbox did not run a program ({outcome.ending})."
        return SandboxStatus(ok=False, sandbox="none", sentence=sentence)
    return SandboxStatus(
        ok=True,
        sandbox="bubblewrap",
        sentence=f"Builds run in a sandbox (bubblewrap). {cgroups.describe()}",
    )


def _advice() -> str:
    knobs = (
        ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("/proc/sys/user/max_user_namespaces", "0"),
    )
    for path, closed in knobs:
        knob = Path(path)
        if knob.exists() and knob.read_text().strip() == closed:
            name = path.removeprefix("/proc/sys/").replace("/", ".")
            opened = {"0": "1", "1": "0"}[closed] if "max" not in name else "10000"
            return f"This kernel closes user namespaces; open them with: sysctl -w {name}={opened}"
    return (
        "In a container, user namespaces and a new /proc must be allowed for it "
        "(for Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined)."
    )
